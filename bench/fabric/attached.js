// attached NAME NETWORK NODE: makes a veth of that name, and has the kernel answer on it until SIGTERM.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("dist/cli.js", import.meta.resolve("sixplane/package.json")));
const [name = "", network = "", node = ""] = process.argv.slice(2);

execFileSync("ip", ["link", "add", name, "type", "veth", "peer", "name", `${name}x`]);
writeFileSync(`/proc/sys/net/ipv6/conf/${name}x/disable_ipv6`, "1"); // or it would say things that are no answers
execFileSync("ip", ["link", "set", `${name}x`, "up"]);
execFileSync("ip", ["link", "set", name, "up"]);
const attach = spawn(process.execPath, [COMMAND, "attach", name, network, node, "--no-setup"], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.on("SIGTERM", () => attach.kill("SIGTERM"));
await once(attach, "exit");
execFileSync("ip", ["link", "delete", name]);
