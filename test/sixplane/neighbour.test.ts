// What a node may say in messages of Neighbor Discovery: of itself alone.
import fc from "fast-check";
import { initSync, Network, type SourcePolicy } from "sixplane";
import { describe, expect, test } from "vitest";
import {
  ALL_NODES,
  hex,
  NETWORK,
  OWNER,
  OWNER_MAC,
  SELF,
  SELF_ADDRESS,
  SELF_MAC,
  SELF_RFC4193,
  sllao,
  TARGET,
  TARGET_RFC4193,
  toHex,
  UNSPECIFIED,
} from "../support/frames.ts";
import { type Icmpv6, icmpv6, linkLocalOf, redirect, routerAdvertisement } from "../support/icmpv6.ts";

initSync();
const network = new Network(NETWORK);

const FOREIGN = "20010db8000000000000000000000001";
const OWN_IN_80 = "fc9c56c2e389e92ceee50242ac110002";
const OTHERS_IN_80 = "fc9c56c2e3deadbeef010242ac110002";
const GROUP = "ff0200000000000000000001ff000001";

/** A target link-layer address option with this MAC. */
const tllao = (mac: string) => `0201${mac}`;

/** A message of SELF's, from its 6PLANE address. */
const message = (given: Pick<Icmpv6, "type" | "body"> & Partial<Icmpv6>) =>
  icmpv6({ ethernetSource: SELF_MAC, source: SELF_ADDRESS, destination: ALL_NODES, ...given });

const advertisement = (target: string, options = tllao(SELF_MAC), given: Partial<Icmpv6> = {}) =>
  message({ type: 136, body: `20000000${target}${options}`, ...given });
const solicitation = (target: string, options = sllao(SELF_MAC), given: Partial<Icmpv6> = {}) =>
  message({ type: 135, body: `00000000${target}${options}`, ...given });

const permits = (frame: Uint8Array, policy?: SourcePolicy) => network.permitsSource(SELF, frame, policy);

describe("a Neighbor Advertisement", () => {
  test.each([
    ["its 6PLANE address", SELF_ADDRESS],
    ["another address of its /80", OWN_IN_80],
    ["its RFC 4193 address", SELF_RFC4193],
    ["the link-local address of its MAC", linkLocalOf(SELF_MAC)],
  ])("may speak of %s", (_, target) => {
    for (const options of [tllao(SELF_MAC), "", `0e01${"ab".repeat(6)}${tllao(SELF_MAC)}`]) {
      expect(permits(advertisement(target, options), { foreign: false })).toBe(true);
      expect(permits(advertisement(target, options, { source: linkLocalOf(SELF_MAC) }))).toBe(true);
      expect(network.permitsSource(OWNER, advertisement(target, options))).toBe(false);
    }
  });

  test.each([
    ["another node's 6PLANE address", TARGET],
    ["another address of its /80", OTHERS_IN_80],
    ["another node's RFC 4193 address", TARGET_RFC4193],
    ["the link-local address of another's MAC", linkLocalOf(OWNER_MAC)],
    ["a link-local address of no MAC", `fe80${"0".repeat(27)}1`],
    ["a group", GROUP],
    ["no address", UNSPECIFIED],
    ["loopback", `${"0".repeat(31)}1`],
  ])("may not speak of %s", (_, target) => {
    for (const options of [tllao(SELF_MAC), tllao(OWNER_MAC), ""]) {
      expect(permits(advertisement(target, options))).toBe(false);
      expect(permits(advertisement(target, options), { routers: true })).toBe(false);
      expect(permits(advertisement(target, options, { source: linkLocalOf(SELF_MAC) }))).toBe(false);
    }
  });

  test("may speak of a foreign address where such may be sent from, with its own MAC", () => {
    expect(permits(advertisement(FOREIGN))).toBe(true);
    expect(permits(advertisement(FOREIGN), { foreign: false })).toBe(false);
    expect(permits(advertisement(FOREIGN, tllao(OWNER_MAC)))).toBe(false);
  });

  test("may name no other MAC, wherever that stands", () => {
    const wrong = [OWNER_MAC, "000000000000", "ffffffffffff", "333300000001"];
    for (let bit = 0; bit < 48; bit++) {
      const mac = hex(SELF_MAC);
      mac[bit >> 3] = (mac[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
      wrong.push(toHex(mac));
    }
    for (const mac of wrong) {
      expect(permits(advertisement(SELF_ADDRESS, tllao(mac)))).toBe(false);
      expect(permits(advertisement(SELF_ADDRESS, tllao(SELF_MAC) + tllao(mac)))).toBe(false);
      expect(permits(advertisement(SELF_ADDRESS, tllao(mac) + tllao(SELF_MAC)))).toBe(false);
      expect(permits(advertisement(SELF_ADDRESS, `0e01${"00".repeat(6)}${tllao(mac)}`))).toBe(false);
    }
    expect(permits(advertisement(SELF_ADDRESS, `0202${SELF_MAC}${"00".repeat(8)}`))).toBe(false);
  });
});

describe("a Neighbor Solicitation", () => {
  test("may ask for anybody, with its own MAC", () => {
    for (const target of [
      TARGET,
      SELF_ADDRESS,
      OTHERS_IN_80,
      TARGET_RFC4193,
      linkLocalOf(OWNER_MAC),
      FOREIGN,
    ]) {
      for (const options of [sllao(SELF_MAC), "", `0e01${"ab".repeat(6)}`]) {
        expect(permits(solicitation(target, options), { foreign: false })).toBe(true);
      }
      expect(permits(solicitation(target, sllao(OWNER_MAC)))).toBe(false);
      expect(permits(solicitation(target, sllao(SELF_MAC) + sllao(OWNER_MAC)))).toBe(false);
    }
  });

  test("may ask from :: whether an address is free that it may have, and no other", () => {
    const asks = (target: string, policy?: SourcePolicy) =>
      permits(solicitation(target, "", { source: UNSPECIFIED }), policy);
    for (const target of [SELF_ADDRESS, OWN_IN_80, SELF_RFC4193, linkLocalOf(SELF_MAC)]) {
      expect(asks(target, { foreign: false })).toBe(true);
    }
    expect([asks(FOREIGN), asks(FOREIGN, { foreign: false })]).toEqual([true, false]);
    for (const target of [TARGET, OTHERS_IN_80, TARGET_RFC4193, linkLocalOf(OWNER_MAC), UNSPECIFIED, GROUP]) {
      expect(asks(target)).toBe(false);
    }
  });
});

describe("a Router Solicitation", () => {
  test("may name its own MAC", () => {
    expect(permits(message({ type: 133, body: "00000000" }))).toBe(true);
    expect(permits(message({ type: 133, body: `00000000${sllao(SELF_MAC)}` }))).toBe(true);
    expect(permits(message({ type: 133, body: `00000000${sllao(OWNER_MAC)}` }))).toBe(false);
  });
});

describe("a Router Advertisement", () => {
  test("is refused but where routers may be sent by nodes, and then with the node's MAC", () => {
    const own = message({ type: 134, source: linkLocalOf(SELF_MAC), body: routerAdvertisement(SELF_MAC) });
    const others = message({
      type: 134,
      source: linkLocalOf(SELF_MAC),
      body: routerAdvertisement(OWNER_MAC),
    });
    expect([permits(own), permits(own, { routers: false })]).toEqual([false, false]);
    expect([permits(own, { routers: true }), permits(others, { routers: true })]).toEqual([true, false]);
  });
});

describe("a Redirect", () => {
  const said = (target: string, destination: string, mac: string) =>
    message({ type: 137, source: linkLocalOf(SELF_MAC), body: redirect(target, destination, mac) });

  test.each([{}, { routers: true }])("is refused, whatever it says: %j", (policy) => {
    expect(permits(said(linkLocalOf(SELF_MAC), FOREIGN, SELF_MAC), policy)).toBe(false);
    expect(permits(said(TARGET, FOREIGN, OWNER_MAC), policy)).toBe(false);
  });
});

/** Extension headers by the number that announces them, as hex behind their first byte. */
const HEADERS: Record<number, string> = {
  0: "00010400000000",
  43: "0004000000000000".slice(0, 14),
  51: `04${"00".repeat(22)}`,
  60: `01${"00".repeat(14)}`,
};

/** A chain of headers before an ICMPv6 message. */
function chain(numbers: number[]): Pick<Icmpv6, "extensions" | "nextHeader"> {
  const next = [...numbers.slice(1), 58];
  const text = numbers.map(
    (number, index) => (next[index] ?? 0).toString(16).padStart(2, "0") + HEADERS[number],
  );
  return { extensions: text.join(""), nextHeader: numbers[0] ?? 58 };
}

describe("behind other headers", () => {
  const lie = (given: Partial<Icmpv6>) => advertisement(TARGET, tllao(SELF_MAC), given);
  const truth = (given: Partial<Icmpv6>) => advertisement(SELF_ADDRESS, tllao(SELF_MAC), given);

  test.each([
    [[0]],
    [[43]],
    [[60]],
    [[51]],
    [[0, 60]],
    [[0, 60, 43, 60]],
    [[60, 51, 60]],
    [Array(8).fill(60)],
  ])("a message is judged as without them: %j", (numbers) => {
    expect(permits(truth(chain(numbers)))).toBe(true);
    expect(permits(lie(chain(numbers)))).toBe(false);
    for (const tags of ["81000000", "88a8000181000002"]) {
      expect(permits(truth({ ...chain(numbers), tags }))).toBe(true);
      expect(permits(lie({ ...chain(numbers), tags }))).toBe(false);
    }
  });

  test("a message is judged behind as many as fit into a packet", () => {
    const many = chain(Array(4000).fill(60));
    expect(permits(message({ type: 128, body: "00000000", ...many }))).toBe(true);
    expect([permits(truth(many)), permits(lie(many))]).toEqual([true, false]);
  });

  test("a message in a fragment is refused, and other fragments are not", () => {
    const fragment = (next: string, offsetAndMore: string) => ({
      nextHeader: 44,
      extensions: `${next}00${offsetAndMore}00000001`,
    });
    for (const offset of ["0000", "0001"]) {
      expect(permits(truth(fragment("3a", offset)))).toBe(false);
      expect(permits(message({ type: 128, body: "00000000", ...fragment("3a", offset) }))).toBe(true);
    }
    expect(permits(message({ type: 136, body: "00000000", ...fragment("3a", "0009") }))).toBe(true);
    const hidden = fragment("3c", "0001");
    expect(permits(truth({ ...hidden, extensions: `${hidden.extensions}3a${HEADERS[60]}` }))).toBe(false);
    // The first fragment ends within its headers.
    expect(
      permits(message({ type: 0, body: "", ...fragment("3c", "0001"), extensions: "3c000001000000013a05" })),
    ).toBe(false);
  });

  test("what is none of Neighbor Discovery is passed", () => {
    for (let type = 0; type < 256; type++) {
      const isDiscovery = type >= 133 && type <= 137;
      expect(permits(message({ type, body: "00000000" }))).toBe(!isDiscovery || type === 133);
    }
    for (const nextHeader of [6, 17, 50, 59, 41, 135, 255]) {
      expect(permits(message({ type: 136, body: "", nextHeader }))).toBe(true);
    }
  });
});

describe("a message that is cut", () => {
  test.each([
    ["an advertisement", advertisement(SELF_ADDRESS)],
    ["one behind headers", advertisement(SELF_ADDRESS, tllao(SELF_MAC), chain([0, 60]))],
    ["one behind a tag", advertisement(SELF_ADDRESS, tllao(SELF_MAC), { tags: "81000000" })],
  ])("is refused at every byte: %s", (_, frame) => {
    expect(permits(frame)).toBe(true);
    for (let length = 0; length < frame.length; length++) expect(permits(frame.slice(0, length))).toBe(false);
    const padded = new Uint8Array(frame.length + 9).fill(2);
    padded.set(frame);
    expect(permits(padded)).toBe(true);
  });

  test("is refused at every payload length but those that end between options", () => {
    const frame = advertisement(SELF_ADDRESS, `${tllao(SELF_MAC)}0e01${"00".repeat(6)}`);
    for (let length = 0; length < 41; length++) {
      frame[19] = length;
      expect(permits(frame)).toBe([24, 32, 40].includes(length));
    }
  });
});

describe("for every network, node and frame", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const addressKind = fc.constantFrom(
    "own",
    "own80",
    "ownRfc4193",
    "ownLink",
    "other",
    "otherRfc4193",
    "otherLink",
    "foreign",
    "none",
  );
  const whose = fc.constantFrom("own", "other", "random");
  const shape = fc.record({
    id: bytes(8).map(toHex),
    own: bytes(5).map(toHex),
    other: bytes(5).map(toHex),
    type: fc.integer({ min: 132, max: 138 }),
    source: fc.constantFrom("own", "ownLink", "none"),
    target: addressKind,
    options: fc.array(fc.record({ kind: fc.constantFrom(1, 2, 14, 3), mac: whose }), { maxLength: 3 }),
    headers: fc.array(fc.constantFrom(0, 43, 51, 60), { maxLength: 9 }),
    tags: fc.constantFrom("", "81000000", "88a8000181000001"),
    foreign: fc.boolean(),
    random: bytes(6).map(toHex),
  });

  function addresses(one: Network, own: string, other: string): Record<string, string> {
    const text = (host: { address: string }) => toHex(Uint8Array.from(parts(host.address)));
    const [self, another] = [one.host(own), one.host(other)];
    return {
      own: text(self.sixplane),
      own80: `${text(self.sixplane).slice(0, 20)}0242ac110002`,
      ownRfc4193: text(self.rfc4193),
      ownLink: linkLocalOf(self.mac.replaceAll(":", "")),
      other: text(another.sixplane),
      otherRfc4193: text(another.rfc4193),
      otherLink: linkLocalOf(another.mac.replaceAll(":", "")),
      foreign: FOREIGN,
      none: UNSPECIFIED,
    };
  }

  test("the verdict is what its parts say", () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(
        shape,
        ({ id, own, other, type, source, target, options, headers, tags, foreign, random }) => {
          fc.pre(own !== other);
          const one = new Network(id);
          const known = addresses(one, own, other);
          const macs: Record<string, string> = {
            own: one.host(own).mac.replaceAll(":", ""),
            other: one.host(other).mac.replaceAll(":", ""),
            random,
          };
          fc.pre(random !== macs["own"]);
          const fixed = { 133: "", 134: "00".repeat(8), 137: "ee".repeat(16) }[type] ?? "";
          const hasTarget = type >= 135 && type <= 137;
          const isDiscovery = type >= 133 && type <= 137;
          const list = options.map(({ kind, mac }) => `0${kind.toString(16)}01${macs[mac]}`).join("");
          const frame = icmpv6({
            ethernetSource: macs["own"] ?? "",
            source: known[source] ?? "",
            destination: ALL_NODES,
            type,
            body: `00000000${hasTarget ? known[target] : ""}${fixed}${isDiscovery ? list : ""}`,
            tags,
            ...chain(headers),
          });
          const isOwn = target.startsWith("own") || (target === "foreign" && foreign);
          const speaksOfOther = (type === 136 || (type === 135 && source === "none")) && !isOwn;
          const lies = isDiscovery && options.some(({ kind, mac }) => kind <= 2 && mac !== "own");
          const expected = type !== 134 && type !== 137 && !speaksOfOther && !lies;
          expect(one.permitsSource(own, frame, { foreign })).toBe(expected);
          seen[expected ? "yes" : "no"]++;
        },
      ),
      { numRuns: 10_000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(1_000);
  });

  test("no change of bytes makes it throw, or lets a lie through that is still readable", () => {
    const frame = advertisement(TARGET, tllao(SELF_MAC), chain([0, 60]));
    const start = frame.length - 32;
    const change = fc.tuple(fc.nat(frame.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.nat(frame.length), (changes, length) => {
        const changed = frame.slice(0, length);
        for (const [at, value] of changes) if (at < length) changed[at] = value;
        const isUntouched = changes.every(([at]) => at >= start + 24 || at < 6); // the options, the destination
        if (permits(changed)) expect(isUntouched && length > 14).toBe(false);
      }),
      { numRuns: 20_000 },
    );
  });
});

/** The bytes of an address. */
function parts(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((part) => Number.parseInt(part, 16));
  const [before, after] = [words(head), tail === undefined ? [] : words(tail)];
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return all.flatMap((part) => [part >> 8, part & 0xff]);
}
