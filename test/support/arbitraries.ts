// fast-check arbitraries: random records, frames and addresses for the property tests.
import fc from "fast-check";
import { record } from "./builds.ts";
import { ALL_NODES, hex, solicitation, solicitedNode, toHex, UNSPECIFIED } from "./frames.ts";

const hexOf = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(toHex);
export const networkId = hexOf(8);
export const node = hexOf(5);

/** Addresses with runs of zeros, as they are written shortest. */
export const ipv6 = fc
  .array(fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(0xffff), fc.nat(15)), {
    minLength: 8,
    maxLength: 8,
  })
  .map((words) => Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff])));

/** A node's address in a network, in either mode. */
const addressIn = (network: string) =>
  fc.tuple(node, fc.boolean(), hexOf(6)).map(([owner, sixplane, suffix]) => {
    const halves = hex(network)
      .slice(0, 4)
      .map((byte, i) => byte ^ (hex(network)[i + 4] ?? 0));
    return sixplane ? `fc${toHex(halves)}${owner}${suffix}` : `fd${network}9993${owner}`;
  });

/** Options as on the wire: type, length in units of 8 bytes, and now and then not as many bytes. */
const options = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 3 }), fc.boolean()), {
    maxLength: 4,
  })
  .map((list) =>
    list
      .map(([type, units, whole]) => {
        const body = Math.max(0, units * 8 - (whole ? 2 : 5));
        return toHex(Uint8Array.of(type, units)) + "5a".repeat(body);
      })
      .join(""),
  );

/** Most often nothing, so that most frames have one thing wrong with them, or none. */
const seldom = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, arbitrary);

/** A record, and a frame that is close to a solicitation for an address in its network. */
export const nearSolicitation = fc
  .tuple(networkId, node, fc.constantFrom(3, 3, 7, 2, 1))
  .chain(([network, self, modes]) =>
    fc
      .record({
        target: addressIn(network),
        source: fc.oneof(addressIn(network), fc.constant(UNSPECIFIED), hexOf(16)),
        options: seldom(options),
        padding: fc.oneof(fc.constant(""), hexOf(6)),
        destination: seldom(fc.oneof(hexOf(16), fc.constant(ALL_NODES))),
        changes: seldom(fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { minLength: 1, maxLength: 2 })),
        cut: seldom(fc.nat(140)),
      })
      .map(({ target, source, options, padding, destination, changes, cut }) => {
        const frame = solicitation({
          target,
          source,
          padding,
          destination: destination ?? solicitedNode(target),
          ...(options === undefined ? {} : { options }),
        });
        for (const [at, value] of changes ?? []) if (at < frame.length) frame[at] = value;
        return { record: record(network, self, modes), frame: frame.subarray(0, cut ?? frame.length) };
      }),
  );

/** Any record and any bytes. */
export const anyFrame = fc
  .tuple(hexOf(16), fc.uint8Array({ maxLength: 200 }))
  .map(([record, frame]) => ({ record, frame }));
