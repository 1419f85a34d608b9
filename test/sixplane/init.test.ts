// Loading, each time in a process that has loaded nothing yet.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url);

async function run(script: string, flags: string[] = []): Promise<unknown> {
  const module = `import * as sixplane from "sixplane"; import { readFileSync } from "node:fs";
    const { init, initSync, Network, SixplaneError, InputError } = sixplane;
    const core = readFileSync("dist/sixplane.wasm");
    const mac = () => new Network("8056c2e21c000001").host("89e92ceee5").mac;
    const thrown = (act) => { try { act(); } catch (error) { return [error.name, error.message]; } };
    const result = await (async () => { ${script} })();
    console.log(JSON.stringify(result));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, "--input-type=module", "--eval", module],
    {
      cwd: ROOT,
    },
  );
  return JSON.parse(stdout);
}

const MAC = "02:89:e9:30:0c:27";

describe("the core", () => {
  test.each([
    ["a network", 'new Network("8056c2e21c000001").host("89e92ceee5").mac', MAC],
    ["an ad-hoc network", 'Network.adhoc(22, 22).host("89e92ceee5").mac', "02:89:e9:3a:ee:f3"],
    ["a network while init has not come back", "(init(), mac())", MAC],
  ])("loads by %s", async (_, act, mac) => expect(await run(`return ${act};`)).toBe(mac));

  test("is refused in one sentence where there is no WebAssembly", async () => {
    const refused = [
      "CompilationRefusedError",
      "WebAssembly cannot be compiled here: this runtime has none (iOS Lockdown Mode, node --jitless)",
    ];
    const script = `const asynchronous = await init(core).catch((error) => [error.name, error.message]);
      return [thrown(mac), thrown(initSync), thrown(() => initSync(core)), asynchronous];`;
    expect(await run(script, ["--jitless"])).toEqual([refused, refused, refused, refused]);
  });

  test.each([
    ["init()", "await init()"],
    ["initSync()", "initSync()"],
    ["either again", "await init(); initSync(); await init()"],
    ["bytes", "await init(core)"],
    ["bytes, at once", "initSync(core)"],
    ["a module", "await init(await WebAssembly.compile(core))"],
    ["a module, at once", "initSync(new WebAssembly.Module(core))"],
    ["a response", 'await init(new Response(core, { headers: { "content-type": "application/wasm" } }))'],
    [
      "a promise of a response",
      'await init(Promise.resolve(new Response(core, { headers: { "content-type": "application/wasm" } })))',
    ],
  ])("loads by %s", async (_, load) => expect(await run(`${load}; return mac();`)).toBe(MAC));

  test("is not just any module", async () => {
    expect(await run("return thrown(() => initSync(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));")).toEqual([
      "InputError",
      "core must be a build of sixplane's, got another WebAssembly module",
    ]);
    // (module (memory (export "memory") 1)), which has no function of ours
    const foreign = "0061736d01000000050301000107 0a01066d656d6f72790200".replace(" ", "");
    expect(await run(`return thrown(() => initSync(Buffer.from("${foreign}", "hex")))[0];`)).toBe(
      "InputError",
    );
    expect(await run("return thrown(() => initSync(Uint8Array.of(1, 2, 3, 4)))[0];")).toBe("CompileError");
  });

  test.each([
    ['"core.wasm"', 'got "core.wasm" (9)'],
    ["{}", "got object"],
    ["null", "got null"],
  ])("is not %s", async (source, got) => {
    const error = ["InputError", `core must be bytes, a compiled module or a response, ${got}`];
    expect(await run(`return thrown(() => initSync(${source}));`)).toEqual(error);
    expect(
      await run(`try { await init(${source}); } catch (error) { return [error.name, error.message]; }`),
    ).toEqual(error);
  });

  test("is as it was after one that failed to load", async () => {
    expect(await run("initSync(); thrown(() => initSync(Uint8Array.of(1))); return mac();")).toBe(MAC);
  });
});
