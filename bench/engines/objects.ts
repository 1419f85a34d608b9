// What is not ours, compiled: once with the same words, as most builds share it.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";

/** Where the object of the source lies, made with these words. */
export function objectOf(compiler: string, words: string[], source: string, folder: string): string {
  const all = ["-DNDEBUG", "-w", ...words, "-c", source];
  const object = `${folder}/${createHash("sha256")
    .update([compiler, ...all].join("\0"))
    .digest("hex")}.o`;
  if (!existsSync(object)) execFileSync(compiler, [...all, "-o", object], { stdio: "inherit" });
  return object;
}
