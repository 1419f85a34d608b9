// The core as a module: what it holds, what it needs, and where it may be used.
import { describe, expect, test } from "vitest";
import { BUILDS, Host, record } from "./builds.ts";
import { advertisement, hex, NETWORK, SELF, solicitation, TARGET_RFC4193, toHex } from "./frames.ts";

const EXPORTS: Record<string, string[]> = {
  sixplane: ["mac", "macOwner", "memory", "owner", "respond", "rfc4193", "sixplane"],
  responder: ["memory", "respond"],
};

/** Sections of a module, by the numbers of the WebAssembly core specification §5.5.2. */
const TYPE = 1;
const FUNCTION = 3;
const MEMORY = 5;
const EXPORT = 7;
const CODE = 10;

describe.each(BUILDS)("the $name build", (build) => {
  test("exports its functions and its memory, and imports nothing", () => {
    expect(
      WebAssembly.Module.exports(build.module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(EXPORTS[build.name]);
    expect(WebAssembly.Module.imports(build.module)).toEqual([]);
  });

  test("has no start function, no data, no globals, no table and no names", () => {
    expect(sections(build.bytes)).toEqual([TYPE, FUNCTION, MEMORY, EXPORT, CODE]);
  });

  test("has one page of memory, which cannot grow", () => {
    const { memory } = new Host(build).exports;
    expect(memory.buffer.byteLength).toBe(0x10000);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  test("takes record and frame at any offsets, the ends of memory included", () => {
    const host = new Host(build);
    const last = 0x10000;
    for (const at of [
      { config: 0, frame: 16 },
      { config: 86, frame: 0 },
      { config: 1, frame: 17 },
      { config: 3, frame: 4001 },
      { config: last - 16, frame: last - 16 - 86 },
      { config: last - 86 - 16, frame: last - 86 },
    ]) {
      const { code, frame } = host.judge(record(NETWORK, SELF), solicitation(), at);
      expect([code, toHex(frame)]).toEqual([86, advertisement()]);
      const dad = host.judge(record(NETWORK, SELF), solicitation({ options: "" }), at);
      expect([dad.code, toHex(dad.frame)]).toEqual([86, advertisement()]);
    }
    expect(host.untouched()).toBe(true);
  });

  test("keeps several records apart", () => {
    const host = new Host(build);
    const networks = ["8056c2e21c000001", "8056c2e21c000002", "ff00160016000000"];
    for (const [i, network] of networks.entries()) host.bytes.set(hex(record(network, SELF)), 16 * i);
    const ask = (config: number) => {
      host.bytes.set(solicitation({ target: TARGET_RFC4193 }), 1024);
      return host.exports.respond(config, 1024, 86);
    };
    expect([ask(0), ask(16), ask(32)].map((code) => code > 0)).toEqual([true, false, false]);
  });

  test("looks at no byte of the record behind the modes, and at no unknown mode bit", () => {
    const { code, frame } = new Host(build).judge(`${NETWORK}${SELF}fbffff`, solicitation());
    expect([code, toHex(frame)]).toEqual([86, advertisement()]);
  });

  test("passes on a frame of no length, or of less", () => {
    const host = new Host(build);
    host.bytes.set(hex(record(NETWORK, SELF)), 0);
    host.bytes.set(solicitation(), 16);
    for (const length of [0, -1, -0x80000000]) {
      expect(host.exports.respond(0, 16, length)).toBe(build.reasons ? -2 : 0);
    }
  });

  test("answers the same each time", () => {
    const host = new Host(build);
    const first = host.judge(record(NETWORK, SELF), solicitation());
    host.judge(record("1111111111111111", "2222222222"), solicitation());
    expect(host.judge(record(NETWORK, SELF), solicitation())).toEqual(first);
  });
});

function sections(bytes: Uint8Array): number[] {
  const found: number[] = [];
  let at = 8;
  const leb = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    found.push(bytes[at++] ?? -1);
    const length = leb();
    at += length;
  }
  return found;
}
