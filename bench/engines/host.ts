// This machine: the nanoseconds of a call.
import { execFileSync } from "node:child_process";
import { type Build, type Engine, HERE, ROOT } from "./engines.ts";
import { objectOf } from "./objects.ts";
import { questions, RECORD, SLOTS } from "./questions.ts";

const TARGET = ["-O2", "-std=gnu11"];

/** Compiles the program for this machine; what is returned times one round: the median of a call, in nanoseconds. */
export function onHost(build: Build, engine: Engine, folder: string): () => number {
  const { name, sources, flags, hostFlags = [], foreign = [] } = engine;
  const program = `${folder}/${build}-${name.replaceAll(/\W+/g, "-")}`;
  const own = [
    `-I${HERE}`,
    `-I${ROOT}dist/c`,
    `-DSLOTS=${SLOTS}`,
    `-DNEIGHBOUR=${build === "neighbour" ? 1 : 0}`,
  ];
  const words = [...TARGET, "-Wall", "-Wextra", "-Werror", ...own, ...flags, ...hostFlags];
  const theirs = foreign.map(({ source, flags }) => objectOf("gcc", [...TARGET, ...flags], source, folder));
  const all = [`${HERE}/host.c`, ...sources, ...theirs];
  execFileSync("gcc", [...words, "-o", program, ...all], { stdio: "inherit" });
  const input = Buffer.concat([RECORD, questions(build)]);
  return () => Number(execFileSync(program, { input, encoding: "utf8" }));
}
