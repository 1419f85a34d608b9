// A real dockerd in namespaces of its own.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { json } from "node:stream/consumers";
import type { TestContext } from "vitest";
import { Namespace } from "../../examples/fabric/namespace.js";
import { folder } from "../support/command.ts";

/**
 * A namespace of each kind that dockerd leaves traces in. When `unshare` is killed, so is all that it
 * started; mounts and bridges go with the last of it. What dockerd writes outside of its own folders
 * goes to file systems in memory.
 */
const CONTAINED = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const IN_MEMORY = `
  for folder in /opt /run; do mount -t tmpfs none $folder || exit; done
  cp -a /etc /run/etc && mount --bind /run/etc /etc || exit
  exec "$@"
`;

export interface Dockerd extends AsyncDisposable {
  /** Where its API is. */
  readonly socket: string;
  /** What its API says at a path. */
  ask(path: string): Promise<unknown>;
  /** Makes a network with IPv6. */
  create(network: string): Promise<unknown>;
  /** The IPv6 prefixes of a network. */
  prefixes(network: string): Promise<string[]>;
  /** The addresses of a device, 32 hex digits each. */
  addresses(device: string): string[];
}

/** What the API says of a network. */
interface Network {
  IPAM: { Config: { Subnet: string }[] };
}

/**
 * A dockerd that touches nothing of this machine's.
 *
 * @param daemon its daemon.json
 * @param flags more words for its command line
 * @param namespace where it runs: "here", in this process's network namespace; unless given, in one of its own
 */
export async function startDockerd(
  skip: TestContext["skip"],
  daemon: string,
  flags = "--iptables=false",
  namespace?: Namespace | "here",
): Promise<Dockerd> {
  const probe = (command: string, ...words: string[]) => spawnSync(command, words).status === 0;
  skip(!probe("dockerd", "--version"), "dockerd is not installed");
  skip(process.getuid?.() !== 0, "dockerd takes root");
  skip(
    !probe("unshare", "--net", ...CONTAINED, "sh", "-c", IN_MEMORY, "sh", "true"),
    "this machine allows no namespaces",
  );

  const files = folder();
  writeFileSync(files.path("daemon.json"), daemon);
  const socket = files.path("docker.sock");
  const dockerd = [
    `dockerd --config-file=${files.path("daemon.json")} --host=unix://${socket}`,
    `--data-root=${files.path("data")} --exec-root=${files.path("exec")} --pidfile=${files.path("pid")}`,
    `--storage-driver=vfs ${flags}`,
  ].join(" ");
  const inside = ["sh", "-c", IN_MEMORY, "sh", "sh", "-c", `exec ${dockerd}`];
  const [program, ...words] =
    namespace instanceof Namespace
      ? namespace.words("unshare", ...CONTAINED, ...inside)
      : ["unshare", ...(namespace === "here" ? [] : ["--net"]), ...CONTAINED, ...inside];
  const child = spawn(program, words);
  const gone = once(child, "close"); // when no process has its output open any more
  const stop = async () => {
    child.kill("SIGKILL");
    await gone;
    files[Symbol.dispose]();
  };
  try {
    await listening(child);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socket,
    ask: (path) => ask(socket, path),
    create: (network) => ask(socket, "/networks/create", { Name: network, EnableIPv6: true }),
    prefixes: async (network) => {
      const { IPAM } = (await ask(socket, `/networks/${network}`)) as Network;
      return IPAM.Config.map(({ Subnet }) => Subnet).filter((prefix) => prefix.includes(":"));
    },
    addresses: (device) =>
      readFileSync(`/proc/${child.pid}/net/if_inet6`, "utf8")
        .split("\n")
        .filter((line) => line.endsWith(` ${device}`))
        .map((line) => line.slice(0, 32)),
    [Symbol.asyncDispose]: stop,
  };
}

/** Waits until dockerd says that its API can be asked. */
function listening(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const timer = setTimeout(() => reject(new Error(`dockerd did not start:\n${log}`)), 30_000);
    child.stdout.resume();
    child.stderr.on("data", (chunk) => {
      log += chunk;
      if (log.includes("API listen on")) resolve();
    });
    child.on("exit", () => reject(new Error(`dockerd ended:\n${log}`)));
    child.on("close", () => clearTimeout(timer));
  });
}

async function ask(socketPath: string, path: string, body?: unknown): Promise<unknown> {
  const method = body === undefined ? "GET" : "POST";
  const headers = { "Content-Type": "application/json" };
  const signal = AbortSignal.timeout(10_000);
  const call = request({ socketPath, path, method, headers, signal, agent: false });
  call.end(body === undefined ? "" : JSON.stringify(body));
  const [answer] = await once(call, "response", { signal });
  const value = await json(answer);
  if (answer.statusCode >= 400) throw new Error(JSON.stringify(value));
  return value;
}
