// Deno beside the body: types, and the package as JSR would have it.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { DENO } from "../support/kernel.ts";
import { installed } from "../support/packed-package.ts";
import { DENO_FROM_SOURCE, program, ROOT } from "./runtime.ts";

const [deno = ""] = DENO;
const json = (name: string) => JSON.parse(readFileSync(`${ROOT}/${name}`, "utf8"));

const USE = `
import { Network, type Verdict } from "sixplane";
const verdict: Verdict = new Network("8056c2e21c000001").responder({ node: "89e92ceee5" }).answer(new Uint8Array(86));
if (verdict.kind === "reply") verdict.frame.slice(); else verdict.reason.trim();
`;

const USE_CAPTURE = `
import { type CapturedFrame, describe, pcapRecord, readCapture } from "sixplane/capture";
const frames: AsyncGenerator<CapturedFrame> = readCapture(new Blob().stream());
for await (const frame of frames) describe(pcapRecord(frame)).trim();
`;

const USE_TAP = `
import { openTap, type TapCounters } from "sixplane/tap";
const tap = await openTap({ network: "8056c2e21c000001", node: "89e92ceee5" });
const counters: TapCounters = tap.counters();
counters.reasons["own-address"]?.toFixed();
`;

const WRONG = 'import { Network } from "sixplane"; new Network(5);';

test.each([
  ["as it is installed", ["--node-modules-dir=manual"], [USE, USE_CAPTURE, USE_TAP]],
  ["from source", DENO_FROM_SOURCE, [USE, USE_CAPTURE]],
])("the package has types that Deno reads, %s", { timeout: 180_000 }, async (_, words, uses) => {
  using files = installed();
  const check = async (use: string) => {
    writeFileSync(files.path("use.ts"), use);
    return program([deno, "check", "--no-lock", ...words, "use.ts"], files.path(""));
  };
  for (const use of uses) expect(await check(use)).toMatchObject({ status: 0 });
  const { status, stderr } = await check(WRONG);
  expect(status).toBe(1);
  expect(stderr).toContain("TS2345");
});

test("JSR would take the source, and nothing beside it", { timeout: 180_000 }, async () => {
  const words = ["publish", "--dry-run", "--allow-dirty", "--no-lock"];
  const { status, stderr } = await program([deno, ...words], ROOT, { ...process.env, NO_COLOR: "1" });
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining("Success") });
  const sources = ["bindings/sixplane", "bindings/capture"].flatMap((folder) =>
    readdirSync(`${ROOT}/${folder}`).filter((name) => name.endsWith(".ts")),
  );
  expect([...stderr.matchAll(/([^/\s]+) \([\d.]+K?B\)$/gm)].map(([, name]) => name).sort()).toEqual(
    ["LICENSE", "README.md", "core.js", "jsr.json", ...sources].sort(),
  );
  const { name, version, license } = json("jsr.json");
  expect(json("package.json")).toMatchObject({ version, license });
  expect(name).toBe("@sixplane/sixplane");
});

test("what JSR gets runs by itself", { timeout: 180_000 }, async () => {
  using files = folder();
  await using registry = await Registry.open();
  const words = ["publish", "--allow-dirty", "--no-lock", "--no-provenance", "--token", "none"];
  const published = await program([deno, ...words], ROOT, { ...process.env, JSR_URL: registry.url });
  expect(published).toMatchObject({ status: 0 });
  writeFileSync(files.path("package.tgz"), registry.package);
  expect(spawnSync("tar", ["-xzf", "package.tgz"], { cwd: files.path("") }).status).toBe(0);
  writeFileSync(
    files.path("use.ts"),
    `${USE.replace('"sixplane"', '"./bindings/sixplane/index.ts"')}\n${MAC}`,
  );
  withDependencies(files);
  const alone = ["--no-config", "--no-lock", "--node-modules-dir=manual"];
  const run = await program([deno, "run", "--check", ...alone, "use.ts"], files.path(""));
  expect(run).toMatchObject({ status: 0, stdout: "02:89:e9:30:0c:27\n" });
});

/** Gives a folder the package's own dependency, which Deno would else ask of a registry. */
function withDependencies(files: ReturnType<typeof folder>): void {
  const name = "@assemblyscript/loader";
  const dependencies = { [name]: json("package.json").devDependencies[name] };
  writeFileSync(files.path("package.json"), JSON.stringify({ dependencies }));
  mkdirSync(files.path("node_modules/@assemblyscript"), { recursive: true });
  symlinkSync(`${ROOT}/node_modules/${name}`, files.path(`node_modules/${name}`));
}

const MAC = 'console.log(new Network("8056c2e21c000001").host("89e92ceee5").mac);';

/** Takes a package as JSR does, and keeps it. */
class Registry implements AsyncDisposable {
  package = new Uint8Array();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<Registry> {
    const server = createServer(async (request, response) => {
      const body = await buffer(request);
      const isNew = request.method === "GET" && request.url?.includes("/versions/");
      if (request.method === "POST") registry.package = new Uint8Array(body);
      response.writeHead(isNew ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "1", status: "success", error: null }));
    });
    const registry = new Registry(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
