// The vectors of vectors/, which say what independent implementations do.
import { readText } from "./files.ts";

const read = (name: string) => readText(`test/support/vectors/${name}`);
const rows = (name: string) =>
  read(name)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

export const ADDRESSES: { network: string; node: string; sixplane: string; rfc4193: string; mac: string }[] =
  rows("addresses.jsonl");

export const REPLIES: {
  network: string;
  self: string;
  mode: "6plane" | "rfc4193";
  node: string;
  ns: string;
  na: string;
}[] = rows("replies.jsonl");

export const OWNER_KERNEL: {
  network: string;
  self: string;
  owner: string;
  cases: { name: string; in_hex: string; na: string[] }[];
} = JSON.parse(read("owner-kernel.json"));

export const TAP: { network: string; self: string; frames: { name: string; what: string; hex: string }[] } =
  JSON.parse(read("tap-frames.json"));
