// What Docker's engine says of its networks, by its API on a socket of this machine (upstream: Docker Engine API).
import { existsSync } from "node:fs";
import { request } from "node:http";
import { quote } from "sixplane";
import { systemReason } from "../io/failure.ts";
import { printable } from "../io/text.ts";
import { type Docker, type DockerNetwork, Unseen } from "./state.ts";

const TIMEOUT_MILLISECONDS = 5000;
const MOST_BYTES = 16 * 2 ** 20;
const USUAL_SOCKET = "/var/run/docker.sock";

/**
 * Asks the engine; undefined where none runs here.
 *
 * @throws Unseen where it cannot be asked, or answers wrongly
 */
export async function readDocker(): Promise<Docker | undefined> {
  const path = socketPath();
  if (path === undefined || !existsSync(path)) return undefined;
  const version = await ask(path, "/version");
  if (version === undefined) return undefined;
  const networks = await ask(path, "/networks");
  const name = textOf(Object(version).Version);
  if (name === "" || !Array.isArray(networks))
    throw new Unseen(`what answers on ${quote(path)} is not Docker's engine`);
  return { version: name, networks: networks.map(Object).filter(isBridge).map(readNetwork) };
}

/** The socket that DOCKER_HOST names, or the usual one; undefined where the engine is another machine's. */
function socketPath(): string | undefined {
  const { DOCKER_HOST } = process.env;
  if (!DOCKER_HOST) return USUAL_SOCKET;
  return DOCKER_HOST.startsWith("unix://") ? DOCKER_HOST.slice("unix://".length) : undefined;
}

/** What it answers as JSON; undefined where nobody listens on the socket. */
function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
    const fail = (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED") return resolve(undefined);
      const why = signal.aborted ? "it does not answer" : systemReason(error);
      reject(new Unseen(`Docker's engine, on ${quote(socketPath)}: ${why}`));
    };
    request({ socketPath, path, signal, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        body += chunk;
        if (body.length > MOST_BYTES) answer.destroy(new Error("its answer has no end"));
      });
      answer.on("error", fail);
      answer.on("end", () => {
        try {
          resolve(JSON.parse(body));
        } catch {
          fail(new Error("its answer is not JSON"));
        }
      });
    })
      .on("error", fail)
      .end();
  });
}

function isBridge({ Driver }: { Driver?: unknown }): boolean {
  return Driver === "bridge";
}

function readNetwork({ Name, Id, Options, IPAM }: Record<string, unknown>): DockerNetwork {
  // Without a name of its own, the interface has that of the network's ID (upstream: libnetwork, drivers/bridge).
  const named = textOf(Object(Options)["com.docker.network.bridge.name"]);
  const configs = Object(IPAM).Config;
  const subnets = (Array.isArray(configs) ? configs : []).map((config) => ({
    subnet: textOf(Object(config).Subnet),
    gateway: textOf(Object(config).Gateway).replace(/\/.*/, ""),
  }));
  return {
    name: textOf(Name),
    bridge: named || `br-${textOf(Id).slice(0, 12)}`,
    mtu: Number(textOf(Object(Options)["com.docker.network.driver.mtu"])) || undefined,
    subnets: subnets.filter(({ subnet }) => subnet.includes(":")),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? printable(value) : "";
}
