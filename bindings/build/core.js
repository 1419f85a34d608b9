import { join } from "node:path";
import asc from "assemblyscript/asc";
import { BUILDS, ROOT } from "./files.js";

/**
 * Compiles the builds of the core, each also with what WAMR wants to see exported, into wamr/.
 *
 * @param {string} out
 */
export async function compileCore(out) {
  for (const build of BUILDS) {
    const entry = `assembly/builds/${build}.ts`;
    await compile(build, [entry], join(out, `${build}.wasm`));
    await compile(build, [entry, "assembly/wamr.ts"], join(out, "wamr", `${build}.wasm`));
  }
}

/**
 * @param {string} build
 * @param {string[]} entries
 * @param {string} file
 */
async function compile(build, entries, file) {
  const { error, stderr } = await asc.main([
    ...entries,
    "--target",
    build,
    "--outFile",
    file,
    "--baseDir",
    ROOT,
  ]);
  if (error) throw new Error(`${stderr}the build ${build} of the core was not made`);
}
