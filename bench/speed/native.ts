// The same rules in C at gcc -O2, in a process of their own.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FRAME_LENGTH, NETWORK, NODE, SLOT, solicitations } from "./frames.ts";

// The program is bundled into dist/bench/, from where all is as far as from here.
const SOURCES = ["../../bench/speed/native.c", "../../bench/native/respond.c"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const WORDS = [NETWORK, NODE, `${SLOT}`, `${FRAME_LENGTH}`];

/** Compiles it into the folder; what is returned times one round: the median of a reply, in nanoseconds. */
export function native(folder: string): () => number {
  const program = `${folder}/native`;
  try {
    execFileSync("gcc", ["-std=c11", "-D_GNU_SOURCE", "-O2", "-o", program, ...SOURCES], {
      stdio: "inherit",
    });
  } catch (cause) {
    throw new Error("the C program needs gcc, which did not compile it", { cause });
  }
  const frames = solicitations();
  return () => Number(execFileSync(program, WORDS, { input: frames, encoding: "utf8" }));
}
