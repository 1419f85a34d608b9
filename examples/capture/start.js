// The main job on real frames: runs the `sixplane` command on the capture in this folder.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const command = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const capture = fileURLToPath(new URL("kernel.pcap", import.meta.url));
const network = "8056c2e279e6f8f0";
const node = "89e92ceee5";

run("address", network, node);
run("owner", network, "fcf9:b03a:1211:2233:4455::1");
run("answer", "--network", network, "--node", node, capture);

/** @param {string[]} words */
function run(...words) {
  console.log(`\n$ sixplane ${words.map((word) => (word === capture ? "kernel.pcap" : word)).join(" ")}`);
  const { status } = spawnSync(process.execPath, [command, ...words], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
