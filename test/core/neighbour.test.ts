// `neighbour` in every build that has it: the MAC of another node, and silence for everything else.
import { describe, expect, test } from "vitest";
import { Host, NEIGHBOURS, record } from "../support/builds.ts";
import { hex, toHex } from "../support/frames.ts";
import { ADDRESSES } from "../support/vectors.ts";

const CONFIG = 0;
const ADDRESS = 16;
const OUT = 32;
const OTHER = "0123456789";
const UNWRITTEN = "a5".repeat(6);

describe.each(NEIGHBOURS)("the $name build", (build) => {
  const host = new Host(build);
  function ask(record: string, address: string): [mode: number, mac: string] {
    host.bytes.fill(Host.GUARD);
    host.bytes.set(hex(record), CONFIG);
    host.bytes.set(hex(address), ADDRESS);
    const mode = host.exports.neighbour(CONFIG, ADDRESS, OUT);
    const mac = toHex(host.bytes.slice(OUT, OUT + 6));
    host.bytes.fill(Host.GUARD, 0, OUT + 6);
    expect(host.untouched()).toBe(true);
    return [mode, mac];
  }
  const isAssigned = ({ node }: { node: string }) => !/^(ff|0{10}$)/.test(node);
  const assigned = ADDRESSES.filter(isAssigned);

  test("finds the MAC of every node of the vectors, in both modes", () => {
    expect(assigned.length).toBeGreaterThan(900);
    for (const { network, node, sixplane, rfc4193, mac } of assigned) {
      expect(ask(record(network, OTHER), sixplane)).toEqual([1, mac]);
      expect(ask(record(network, OTHER), `${sixplane.slice(0, 20)}c0ffee00cafe`)).toEqual([1, mac]);
      expect(ask(record(network, OTHER), rfc4193)).toEqual([2, mac]);
      expect(ask(record(network, node, 0), sixplane)).toEqual([0, UNWRITTEN]);
    }
  });

  test("finds nothing for the node itself, so that its own containers are left alone", () => {
    for (const { network, node, sixplane, rfc4193 } of assigned) {
      for (const address of [sixplane, `${sixplane.slice(0, 20)}c0ffee00cafe`, rfc4193])
        expect(ask(record(network, node), address)).toEqual([0, UNWRITTEN]);
    }
  });

  test("finds nothing for reserved nodes", () => {
    const reserved = ADDRESSES.filter((row) => !isAssigned(row));
    expect(reserved.length).toBeGreaterThan(1);
    for (const { network, sixplane, rfc4193 } of reserved) {
      for (const address of [sixplane, rfc4193])
        expect(ask(record(network, OTHER), address)).toEqual([0, UNWRITTEN]);
    }
  });

  test("finds nothing in a mode that is off, and takes no other bit for one", () => {
    const [{ network, sixplane, rfc4193, mac }] = assigned as [(typeof ADDRESSES)[number]];
    const found = (modes: number) =>
      [sixplane, rfc4193].map((address) => ask(record(network, OTHER, modes), address));
    const none = [0, UNWRITTEN];
    expect(found(0)).toEqual([none, none]);
    expect(found(1)).toEqual([[1, mac], none]);
    expect(found(2)).toEqual([none, [2, mac]]);
    expect(found(0xfc)).toEqual([none, none]);
  });

  test("finds nothing for what is not the network's, one bit away in any place of its prefix", () => {
    const [{ network, sixplane, rfc4193 }] = assigned as [(typeof ADDRESSES)[number]];
    for (const { address, bits } of [
      { address: sixplane, bits: 40 },
      { address: rfc4193, bits: 88 },
    ]) {
      for (let bit = 0; bit < bits; bit++) {
        const bytes = hex(address);
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
        expect(ask(record(network, OTHER), toHex(bytes))).toEqual([0, UNWRITTEN]);
      }
    }
    for (const address of [
      "fe80".padEnd(32, "1"),
      "ff02".padEnd(31, "0").concat("1"),
      "20010db8".padEnd(32, "0"),
    ])
      expect(ask(record(network, OTHER), address)).toEqual([0, UNWRITTEN]);
  });
});
