// TypeScript's compiler, as a strict project has it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const FLAGS =
  "--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --noEmit --skipLibCheck --pretty false " +
  "--target es2022 --module nodenext --types node";

/** What the compiler says of a folder's programs, which may use the package that is installed there: "" if all is well. */
export function compileStrictly(folder: string, programs: readonly string[]): string {
  const words = [...FLAGS.split(" "), "--typeRoots", `${MODULES}/@types`, ...programs];
  const tsc = `${MODULES}/typescript/bin/tsc`;
  const { error, stdout } = spawnSync(process.execPath, [tsc, ...words], { cwd: folder, encoding: "utf8" });
  if (error) throw error;
  return stdout;
}
