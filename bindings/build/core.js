import { join } from "node:path";
import asc from "assemblyscript/asc";
import { BUILDS, ROOT } from "./files.js";

/**
 * Compiles the builds of the core.
 *
 * @param {string} out
 */
export async function compileCore(out) {
  for (const build of BUILDS) {
    const words = [`assembly/builds/${build}.ts`, "--target", build, "--outFile", join(out, `${build}.wasm`)];
    const { error, stderr } = await asc.main([...words, "--baseDir", ROOT]);
    if (error) throw new Error(`${stderr}the build ${build} of the core was not made`);
  }
}
