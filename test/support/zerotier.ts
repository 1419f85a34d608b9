// A folder like ZeroTier's, and a service like the one that it belongs to, on loopback.
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { folder } from "./command.ts";
import { SELF } from "./frames.ts";

export const TOKEN = "rgjmt4a2c8vd5fwy7h1e9kqs";

/** The public identity of a node: its address, the type, and the public key. */
export const IDENTITY = `${SELF}:0:${"0123456789abcdef".repeat(8)}`;

/** What the service answers to `/status` (upstream: service/README.md; of it, what matters here and some of the rest). */
export const STATUS = {
  address: SELF,
  clock: 1764000000000,
  config: { settings: { primaryPort: 9993 } },
  online: true,
  publicIdentity: IDENTITY,
  tcpFallbackActive: false,
  version: "1.14.2",
  versionMajor: 1,
};

/** One of the networks that it answers to `/network`. */
export const EARTH = {
  id: "8056c2e21c000001",
  nwid: "8056c2e21c000001",
  mac: "02:89:e9:30:0c:27",
  name: "earth.zerotier.net",
  status: "OK",
  type: "PUBLIC",
  mtu: 2800,
  portDeviceName: "ztmjfmfyq5",
  portError: 0,
  assignedAddresses: ["10.147.17.5/24", "fc9c:56c2:e389:e92c:eee5:0000:0000:0001/40"],
  routes: [],
};

export interface ZeroTier extends AsyncDisposable {
  readonly folder: string;
  readonly server: Server;
  path(name: string): string;
}

/** Starts a service, and makes its folder. */
export async function startService(listener: RequestListener): Promise<ZeroTier> {
  const files = folder();
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  writeFileSync(files.path("zerotier-one.port"), String((server.address() as AddressInfo).port));
  writeFileSync(files.path("authtoken.secret"), TOKEN);
  writeFileSync(files.path("identity.public"), IDENTITY);
  return {
    folder: files.path(""),
    server,
    path: files.path,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(files.path(""), { recursive: true });
    },
  };
}

/** Answers as the service does to who has the token: 401 to all others. */
export function answers(status: unknown, networks: unknown): RequestListener {
  return ({ method, url, headers }, answer) => {
    const body = { "/status": status, "/network": networks }[url ?? ""];
    const code = headers["x-zt1-auth"] !== TOKEN ? 401 : method !== "GET" || body === undefined ? 404 : 200;
    answer.writeHead(code, { "Content-Type": "application/json" });
    answer.end(code === 200 ? JSON.stringify(body) : "{}");
  };
}
