// The core as a module: what it holds, what it needs, and where it may be used.
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { BUILDS, type Build, Host, RESPONDERS, record, refusal } from "../support/builds.ts";
import { compiled, readBytes } from "../support/files.ts";
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

const DERIVATION = ["mac", "macOwner", "neighbour", "owner", "rfc4193", "sixplane"];
const EXPORTS: Record<string, string[]> = {
  sixplane: ["memory", ...DERIVATION, "permits", "respond"],
  responder: ["memory", "respond"],
  "responder-6plane": ["memory", "respond"],
  "responder-rfc4193": ["memory", "respond"],
  tiny: ["memory", "respond"],
  address: ["memory", ...DERIVATION],
  neighbour: ["memory", "neighbour"],
  permits: ["memory", "permits"],
};

/** What WAMR gives its builds. */
const WAMR_MEMORY = 4096;

/** Sections of a module, by the numbers of the WebAssembly core specification §5.5.2. */
const TYPE = 1;
const FUNCTION = 3;
const MEMORY = 5;
const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;

describe.each(BUILDS)("the $name build", (build) => {
  test("exports its functions and its memory, and imports nothing", () => {
    expect(exported(build.module)).toEqual(EXPORTS[build.name]?.sort());
    expect(WebAssembly.Module.imports(build.module)).toEqual([]);
  });

  test("has no start function, no data, no table, no globals and no names", () => {
    expect([...sections(build.bytes).keys()]).toEqual([TYPE, FUNCTION, MEMORY, EXPORT, CODE]);
  });

  test("is the same for WAMR, but for two exported constants by which that gives it less than a page", () => {
    const wamr = forWamr(build);
    expect(exported(wamr.module)).toEqual(["__data_end", "__heap_base", ...exported(build.module)].sort());
    expect([...sections(wamr.bytes).keys()]).toEqual([TYPE, FUNCTION, MEMORY, GLOBAL, EXPORT, CODE]);
    expect(sections(wamr.bytes).get(CODE)).toEqual(sections(build.bytes).get(CODE));
    const module = binaryen.readBinary(wamr.bytes);
    const globals = Array.from({ length: module.getNumGlobals() }, (_, i) =>
      binaryen.getGlobalInfo(module.getGlobalByIndex(i)),
    );
    expect(globals.map(({ type, mutable }) => [type, mutable])).toEqual([
      [binaryen.i32, false],
      [binaryen.i32, false],
    ]);
    const { __data_end, __heap_base } = new Host(wamr).exports as unknown as Record<
      string,
      WebAssembly.Global
    >;
    // WAMR checks against pages of the host's, 4,096 bytes on ESP-IDF and Zephyr: less would expose the host's heap.
    expect([__data_end?.value, __heap_base?.value]).toEqual([0, WAMR_MEMORY]);
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
    const host = new Host(forWamr(build));
    const longest = ask(sllao(SELF_MAC).padEnd(2 * 1432, "0e01112233445566")); // 1,510 bytes
    const { code } = host.judge(record(NETWORK, SELF), longest, {
      config: 0,
      frame: WAMR_MEMORY - longest.length,
    });
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

/** The build that WAMR gets. */
function forWamr({ name }: Build): { module: WebAssembly.Module; bytes: Uint8Array<ArrayBuffer> } {
  return { module: compiled(`wamr/${name}`), bytes: readBytes(`dist/wamr/${name}.wasm`) };
}

function exported(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .map(({ name }) => name)
    .sort();
}

/** The contents of each section, in order, by its number. */
function sections(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
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
    const number = bytes[at++] ?? -1;
    const length = leb();
    found.set(number, bytes.subarray(at, at + length));
    at += length;
  }
  return found;
}
