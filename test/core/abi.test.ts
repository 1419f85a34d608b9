// The core as a module: what it holds, what it needs, and where it may be used.
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { BUILDS, Host, RESPONDERS, record, refusal } from "../support/builds.ts";
import {
  advertisement,
  hex,
  NETWORK,
  SELF,
  SELF_MAC,
  sllao,
  solicitation,
  TARGET,
  TARGET_RFC4193,
  toHex,
} from "../support/frames.ts";

const MEMORY_EXPORTS = ["__data_end", "__heap_base", "memory"];
const DERIVATION = ["mac", "macOwner", "owner", "rfc4193", "sixplane"];
const EXPORTS: Record<string, string[]> = {
  sixplane: [...MEMORY_EXPORTS, ...DERIVATION, "respond"],
  responder: [...MEMORY_EXPORTS, "respond"],
  "responder-6plane": [...MEMORY_EXPORTS, "respond"],
  "responder-rfc4193": [...MEMORY_EXPORTS, "respond"],
  tiny: [...MEMORY_EXPORTS, "respond"],
  address: [...MEMORY_EXPORTS, ...DERIVATION],
};

/** Sections of a module, by the numbers of the WebAssembly core specification §5.5.2. */
const TYPE = 1;
const FUNCTION = 3;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;

describe.each(BUILDS)("the $name build", (build) => {
  test("exports its functions and its memory, and imports nothing", () => {
    expect(
      WebAssembly.Module.exports(build.module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(EXPORTS[build.name]?.sort());
    expect(WebAssembly.Module.imports(build.module)).toEqual([]);
  });

  test("has no start function, no data, no table and no names", () => {
    expect(sections(build.bytes)).toEqual([TYPE, FUNCTION, MEMORY, GLOBAL, EXPORT, CODE]);
  });

  test("has two globals, the constants by which WAMR gives it less than a page", () => {
    const module = binaryen.readBinary(build.bytes);
    const globals = Array.from({ length: module.getNumGlobals() }, (_, i) =>
      binaryen.getGlobalInfo(module.getGlobalByIndex(i)),
    );
    expect(globals.map(({ type, mutable }) => [type, mutable])).toEqual([
      [binaryen.i32, false],
      [binaryen.i32, false],
    ]);
    const { __data_end, __heap_base } = new Host(build).exports;
    expect([__data_end.value, __heap_base.value]).toEqual([0, 256]);
  });

  test("needs no more than WebAssembly 1.0, and neither asks for the memory's size nor changes it", () => {
    const module = binaryen.readBinary(build.bytes);
    module.setFeatures(binaryen.Features.MVP);
    expect(module.validate()).toBe(1);
    expect(module.emitText()).not.toMatch(/memory\.(grow|size)|global\.set/);
  });

  test("has one page of memory, which cannot grow", () => {
    const { memory } = new Host(build).exports;
    expect(memory.buffer.byteLength).toBe(0x10000);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });
});

describe.each(RESPONDERS)("the $name build", (build) => {
  const target = build.modes & 1 ? TARGET : TARGET_RFC4193;
  const ask = (options?: string) => solicitation({ target, ...(options === undefined ? {} : { options }) });

  test("answers in the memory that WAMR gives it", () => {
    const host = new Host(build);
    const end = host.exports.__heap_base.value;
    const longest = ask(sllao(SELF_MAC).padEnd(2 * 160, "0e01112233445566"));
    expect(16 + longest.length).toBeLessThanOrEqual(end);
    const { code } = host.judge(record(NETWORK, SELF), longest, { config: 0, frame: end - longest.length });
    expect(code).toBe(86);
    expect(host.untouched()).toBe(true);
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
      const { code, frame } = host.judge(record(NETWORK, SELF), ask(), at);
      expect([code, toHex(frame)]).toEqual([86, advertisement({ target })]);
      const dad = host.judge(record(NETWORK, SELF), ask(""), at);
      expect([dad.code, toHex(dad.frame)]).toEqual([86, advertisement({ target })]);
    }
    expect(host.untouched()).toBe(true);
  });

  test("keeps several records apart", () => {
    const host = new Host(build);
    const networks = ["8056c2e21c000001", "8056c2e21c000002", "ff00160016000000"];
    for (const [i, network] of networks.entries()) host.bytes.set(hex(record(network, SELF)), 16 * i);
    const answer = (config: number) => {
      host.bytes.set(ask(), 1024);
      return host.exports.respond(config, 1024, 86);
    };
    expect([answer(0), answer(16), answer(32)].map((code) => code > 0)).toEqual([true, false, false]);
  });

  test("looks at no byte of the record behind the modes, and at no unknown mode bit", () => {
    const { code, frame } = new Host(build).judge(`${NETWORK}${SELF}fbffff`, ask());
    expect([code, toHex(frame)]).toEqual([86, advertisement({ target })]);
  });

  test("passes on a frame of no length, or of less", () => {
    const host = new Host(build);
    host.bytes.set(hex(record(NETWORK, SELF)), 0);
    host.bytes.set(ask(), 16);
    for (const length of [0, -1, -0x80000000]) {
      expect(host.exports.respond(0, 16, length)).toBe(refusal(build, -2));
    }
  });

  test("answers the same each time", () => {
    const host = new Host(build);
    const first = host.judge(record(NETWORK, SELF), ask());
    host.judge(record("1111111111111111", "2222222222"), solicitation());
    expect(host.judge(record(NETWORK, SELF), ask())).toEqual(first);
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
