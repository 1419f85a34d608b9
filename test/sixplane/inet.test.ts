// What text is an IPv6 address, and which, where the C library and two others have a say in it.
import { isIPv6 } from "node:net";
import fc from "fast-check";
import { Address6 } from "ip-address";
import ipaddr from "ipaddr.js";
import { formatAddress, InputError, parseAddress } from "sixplane";
import { expect, test } from "vitest";
import { ipv6 } from "../support/arbitraries.ts";
import { toHex } from "../support/frames.ts";

/** Text that is an address, or misses one by a character or two. */
const nearly = fc
  .tuple(
    ipv6,
    fc.array(fc.tuple(fc.nat(40), fc.constantFrom(":", "::", "0", "f", "g", ".", "1.2.3.4", "", " ")), {
      maxLength: 2,
    }),
  )
  .map(([bytes, changes]) => {
    let text = formatAddress(bytes);
    for (const [at, piece] of changes) text = text.slice(0, at) + piece + text.slice(at + (at % 2));
    return text;
  });

test("an IPv6 address is taken where the C library takes it, and read as two libraries read it", () => {
  const taken = { yes: 0, no: 0 };
  fc.assert(
    fc.property(nearly, (text) => {
      if (isIPv6(text)) {
        taken.yes++;
        const bytes = toHex(parseAddress(text));
        // ipaddr.js reads the deprecated ::1.2.3.4 as ::ffff:1.2.3.4; RFC 4291 §2.5.5.1 does not.
        if (!/^::\d+\./.test(text))
          expect(bytes).toBe(toHex(Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray())));
        expect(bytes).toBe(new Address6(text).canonicalForm().replaceAll(":", ""));
      } else {
        taken.no++;
        expect(() => parseAddress(text)).toThrow(InputError);
      }
    }),
    { numRuns: 10_000 },
  );
  expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(1_000);
});
