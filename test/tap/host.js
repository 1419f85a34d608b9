// A host in a process of its own, by what its first argument asks for: its TAP, or why there is none. Where
// its parent has a channel to it, passed frames go there, and frames from there go to the kernel.
import { once } from "node:events";
import { openTap } from "sixplane/tap";

const { usable = false, ends = "", ...options } = JSON.parse(process.argv[2] ?? "{}");

const tap = await openTap({
  ...options,
  forward: (frames) => {
    if (process.connected) for (const frame of frames) process.send?.([...frame]);
  },
}).catch(async (error) => {
  console.log(`${error.name} ${error.code ?? ""}: ${error.message}`);
  await once(process.stdin.resume(), "end"); // for the parent to see what is left
  process.exit(1);
});
process.on("message", (frame) => void tap.inject(Uint8Array.from(/** @type {number[]} */ (frame))));
if (usable) await tap.usable();
console.log(`open ${tap.name}`);

process.stdin.resume().once("end", async () => {
  if (ends === "exit") process.exit(3);
  if (ends === "throw") throw new Error("on purpose");
  await tap.close();
  console.log("closed");
  process.disconnect?.();
});
