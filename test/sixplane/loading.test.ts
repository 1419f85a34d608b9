// Loading the core, from a program that has loaded nothing yet to one that has loaded several builds.
import {
  CompilationRefusedError,
  InputError,
  init,
  initSync,
  MissingFunctionError,
  Network,
  SixplaneError,
} from "sixplane";
import { describe, expect, test } from "vitest";
import { COMPILES, compiled, readBytes } from "../support/files.ts";
import { NETWORK, SELF } from "../support/frames.ts";

const CORE = readBytes("dist/sixplane.wasm");
const mac = () => new Network(NETWORK).host(SELF).mac;
const MAC = "02:89:e9:30:0c:27";
const served = (bytes: BodyInit, init?: ResponseInit) =>
  new Response(bytes, { headers: { "content-type": "application/wasm" }, ...init });

describe("without init", () => {
  test("what is no core is refused, and the embedded one is there", () => {
    expect(() => initSync("core.wasm" as never)).toThrow(InputError);
    expect(mac()).toBe(MAC);
    expect(Network.adhoc(22, 22).sixplane.toString()).toBe("fce9:16::/40");
  });
});

describe("the core", () => {
  /** Loads by one way after the build without derivation, which makes no MAC. */
  async function replaced(load: () => unknown): Promise<string> {
    initSync(compiled("responder"));
    expect(mac).toThrow(MissingFunctionError);
    await load();
    return mac();
  }

  test("is loaded once: without a source, a further call leaves it", async () => {
    initSync(compiled("responder"));
    initSync();
    await init();
    expect(mac).toThrow(MissingFunctionError);
    initSync(compiled("sixplane"));
  });

  test("may be a module", async () => {
    expect(await replaced(() => init(compiled("sixplane")))).toBe(MAC);
    expect(await replaced(() => initSync(compiled("sixplane")))).toBe(MAC);
  });

  const sources: [string, () => unknown][] = [
    ["bytes", () => init(CORE)],
    ["bytes, at once", () => initSync(CORE)],
    ["a buffer", () => init(CORE.slice().buffer)],
    ["a view into a greater buffer", () => initSync(padded().subarray(3, 3 + CORE.length))],
    ["a DataView", () => initSync(new DataView(padded().buffer, 3, CORE.length))],
    ["a response", () => init(served(CORE))],
    ["a response of no type", () => init(new Response(CORE))],
    ["a promise of a response", () => init(Promise.resolve(served(CORE)))],
  ];

  test.each(sources)("may be %s, unless the runtime compiles no bytes, and says so", async (_, load) => {
    if (COMPILES) {
      expect(await replaced(load)).toBe(MAC);
      return;
    }
    const refused = await thrown(() => replaced(load));
    expect(refused).toBeInstanceOf(CompilationRefusedError);
    expect(refused).toMatchObject({ cause: expect.any(WebAssembly.CompileError) });
    expect(mac).toThrow(MissingFunctionError); // what was loaded before has stayed
    initSync(compiled("sixplane"));
  });

  test.each([
    ["text", "core.wasm", 'got "core.wasm" (9)'],
    ["an object", {}, "got object"],
    ["null", null, "got null"],
  ])("is not %s", async (_, source, got) => {
    const message = `core must be bytes, a compiled module or a response, ${got}`;
    for (const load of [() => init(source as never), async () => initSync(source as never)]) {
      const error = await thrown(load);
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toBe(message);
    }
    expect(mac()).toBe(MAC);
  });

  test("is not what a server has instead", async () => {
    const error = await thrown(() => init(served("not here", { status: 404 })));
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toBe("core must be found, got status 404");
    expect(mac()).toBe(MAC);
  });

  test("is not bytes that are no WebAssembly", async () => {
    for (const load of [() => init(Uint8Array.of(1, 2, 3, 4)), () => init(served("<!doctype html>"))]) {
      const error = await thrown(load);
      expect(error).toBeInstanceOf(WebAssembly.CompileError);
      expect(error).not.toBeInstanceOf(SixplaneError);
    }
    expect(mac()).toBe(MAC);
  });

  test("is not a module without its functions", async () => {
    if (!COMPILES) return; // all modules there are the builds
    for (const foreign of [EMPTY, MEMORY_ALONE, TWO_PAGES]) {
      for (const load of [() => init(foreign), async () => initSync(new WebAssembly.Module(foreign))]) {
        const error = await thrown(load);
        expect(error).toBeInstanceOf(InputError);
        expect((error as Error).message).toBe(
          "core must be a build of sixplane's, got another WebAssembly module",
        );
      }
    }
    expect(mac()).toBe(MAC);
  });
});

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
/** (module (memory (export "memory") 1)) */
const MEMORY_ALONE = Uint8Array.of(
  ...EMPTY,
  ...[5, 3, 1, 0, 1],
  ...[7, 10, 1, 6, ...new TextEncoder().encode("memory"), 2, 0],
);

/** (module (memory (export "memory") 2) (func (export "mac"))) */
const TWO_PAGES = Uint8Array.of(
  ...EMPTY,
  ...[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 2],
  ...[7, 16, 2, 6, ...new TextEncoder().encode("memory"), 2, 0, 3, ...new TextEncoder().encode("mac"), 0, 0],
  ...[10, 4, 1, 2, 0, 11],
);

function padded(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CORE.length + 8).fill(7);
  bytes.set(CORE, 3);
  return bytes;
}

async function thrown(act: () => Promise<unknown>): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
