import { printable } from "../io/text.ts";
import type { Said } from "./examine.ts";

const MARKS = { finding: "wrong ", right: "ok    ", unseen: "unseen" };
const COLORS = { finding: 31, right: 32, unseen: 33 };

/** What the checks said, for people. */
export function lines(said: Said[]): string[] {
  const count = said.filter(({ kind }) => kind === "finding").length;
  const last = count === 0 ? "nothing found that is wrong" : `${count} found`;
  return [...groups(said), "", last];
}

/** The lines of the host, then of each network below its ID. */
function groups(said: Said[]): string[] {
  const ids = [...new Set(said.map(({ network }) => network))];
  return ids.flatMap((id) => [
    ...(id === undefined ? [] : ["", `network ${id}`]),
    ...said.filter(({ network }) => network === id).flatMap(linesOf),
  ]);
}

function linesOf(one: Said): string[] {
  const first = `${colored(one.kind)} ${one.check.padEnd(14)} ${printable(one.what)}`;
  if (one.kind !== "finding") return [first];
  const where = one.where ? [`on ${one.where}:`] : [];
  return [
    first,
    ...[one.why, ...where, ...one.mend.map((command) => `  ${command}`)].map(
      (text) => `       ${" ".repeat(15)}${printable(text)}`,
    ),
  ];
}

function colored(kind: Said["kind"]): string {
  // hasColors knows of NO_COLOR; a pipe has none.
  if (!process.stdout.isTTY || !process.stdout.hasColors()) return MARKS[kind];
  return `\x1b[${COLORS[kind]}m${MARKS[kind]}\x1b[0m`;
}

/** A script that mends what is for this host; what is for others is in comments. */
export function scriptOf(said: Said[]): string {
  const findings = said.filter((one) => one.kind === "finding");
  const parts = findings.flatMap(({ check, network, what, where, mend }) => [
    "",
    `# ${[network, check].filter(Boolean).join(" ")}: ${printable(what)}`,
    ...(where ? [`# on ${printable(where)}:`] : []),
    ...mend.map((command) => `${where ? "# " : ""}${printable(command)}`),
  ]);
  return [
    "#!/bin/sh",
    "# written by sixplane doctor: read it, then run it as root",
    "set -eu",
    ...parts,
  ].join("\n");
}
