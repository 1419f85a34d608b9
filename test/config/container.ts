// A container of a host, and whether its ports are reached.
import { spawnSync } from "node:child_process";
import { Namespace } from "../../examples/fabric/namespace.js";
import { runIn, withoutDetection } from "../support/hosts.ts";

/** A container on a bridge with a host's /80, where the host forwards: the bridge has ::1, and the container ::2. */
export function container(host: Namespace, address: string): Namespace {
  const namespace = Namespace.open();
  withoutDetection(namespace);
  runIn(host, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
  const ip = (...words: string[]) => runIn(host, "ip", ...words);
  ip("link", "add", "br0", "type", "bridge");
  ip("address", "add", `${address}/80`, "dev", "br0");
  ip("link", "add", "port", "type", "veth", "peer", "name", "eth0", "netns", namespace.path);
  ip("link", "set", "port", "master", "br0", "up");
  ip("link", "set", "br0", "up");
  runIn(namespace, "ip", "link", "set", "lo", "up");
  runIn(namespace, "ip", "link", "set", "eth0", "up");
  runIn(namespace, "ip", "address", "add", `${address.slice(0, -1)}2/80`, "dev", "eth0");
  runIn(namespace, "ip", "route", "add", "default", "via", address);
  return namespace;
}

/** Whether a segment gets there: nobody listens, and the container's kernel says so. */
export function connects(from: Namespace, address: string, port: number): boolean {
  const [program, ...words] = from.words("timeout", "1", "bash", "-c", `: > "/dev/tcp/${address}/${port}"`);
  return spawnSync(program, words, { encoding: "utf8" }).stderr.includes("Connection refused");
}
