// The pages: their commands print what they show, their programs compile and do what they say, their links lead somewhere.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Network, Prefix } from "sixplane";
import { describe, expect, test } from "vitest";
import { BUILDS } from "../support/builds.ts";
import { COMMAND, ended, folder } from "../support/command.ts";
import { compileStrictly } from "../support/compile.ts";
import { runContained } from "../support/contained-shell.ts";
import { readText } from "../support/files.ts";
import { installed } from "../support/packed-package.ts";
import { blocksOf, commandsOf, type ShownCommand } from "../support/pages.ts";
import { answers, EARTH, IDENTITY, STATUS, startService, TOKEN } from "../support/zerotier.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MOST_LINES = 200;

/** Every page, by its path. */
const PAGES = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .stdout.trim()
  .split("\n");

describe("the README", () => {
  test(`has at most ${MOST_LINES} lines`, () => {
    expect(readText("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(MOST_LINES);
  });

  test("has the size of the core", () => {
    const bytes = statSync(`${ROOT}/dist/sixplane.wasm`).size.toLocaleString("en");
    expect(readText("README.md")).toContain(`WebAssembly module of ${bytes} bytes`);
  });
});

test("the package has every page that the README links to", () => {
  using files = installed();
  for (const [, link = ""] of readText("README.md").matchAll(/\]\(((?!https?:)[^)\s#]+)/g)) {
    expect(existsSync(files.path(`node_modules/sixplane/${link}`)), link).toBe(true);
  }
});

describe.each(PAGES)("%s", (page) => {
  const text = readText(page).replace(/^```.*?^```$/gms, "");

  test("links to what there is", () => {
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      expect(existsSync(`${ROOT}/${file}`), `${page} links to ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(file), `${page} links to ${link}`).toContain(anchor);
    }
  });
});

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): string[] {
  const headings = readText(page)
    .replace(/^```.*?^```$/gms, "")
    .matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Blocks that need a Docker Engine are run elsewhere, contained. */
const isPlain = ({ text }: { text: string }) => !/\bdocker run\b|^\$ npm start$/m.test(text);

describe.each(["README.md", "bindings/cli/README.md", "bindings/cli/config/README.md"])("%s", (page) => {
  const blocks = blocksOf(page, "console").filter(isPlain);

  test.each(blocks.map((block) => ({ commands: commandsOf(block) })))(
    "$commands.0.command",
    { timeout: 120_000 },
    async ({ commands }) => {
      await using zerotier = await startService(answers(STATUS, [EARTH]));
      using files = likeAClone();
      expect(await runInOneShell(commands, files.path("clone"), zerotier.folder)).toEqual(commands);
    },
  );
});

/** A folder that has what a clone has after a build, in as far as commands of pages use it. */
function likeAClone() {
  const files = folder();
  mkdirSync(files.path("clone/examples"), { recursive: true });
  for (const name of ["bindings", "dist", "examples/capture"])
    symlinkSync(`${ROOT}/${name}`, files.path(`clone/${name}`));
  cpSync(`${ROOT}/examples/firmware`, files.path("clone/examples/firmware"), {
    recursive: true,
    filter: (path) => !/\/(build|flat|src)$/.test(path),
  });
  mkdirSync(files.path("clone/bin"));
  writeFileSync(files.path("clone/bin/sixplane"), `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`, {
    mode: 0o755,
  });
  return files;
}

async function runInOneShell(
  commands: ShownCommand[],
  cwd: string,
  zerotier: string,
): Promise<ShownCommand[]> {
  const END = "-- end of a command --";
  const script = commands.map(({ command }) => `${command}\necho '${END}'`).join("\n");
  const env = {
    ...process.env,
    PATH: `${cwd}/bin:${process.env["PATH"]}`,
    CLONE: ROOT,
    ZEROTIER_HOME: zerotier,
    npm_config_offline: "true",
  };
  const { status, stdout, stderr } = await ended(spawn("sh", ["-ec", script], { cwd, env }));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const outputs = stdout.split(`${END}\n`);
  return commands.map(({ command }, n) => ({ command, output: outputs[n]?.trimEnd() }));
}

/** ZeroTier's service as a program of one line, which prints its port. */
const SERVICE = `
  const answer = ({ url }, to) => to.end(JSON.stringify(url === "/status" ? ${JSON.stringify(STATUS)} : [${JSON.stringify(EARTH)}]));
  const server = require("node:http").createServer(answer).listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/**
 * An operator's host: ZeroTier, played by its recorded answers; an engine, which `systemctl` starts; the image of busybox; and,
 * beyond an Ethernet that stands for the network, another host's container.
 */
const OPERATORS_HOST = `
  ip link set lo up
  ip netns add far
  ip link add zt0 type veth peer name zt0 netns far
  # Either end may use its addresses at once.
  ip addr add fc9c:56c2:e389:e92c:eee5::1/40 dev zt0 nodad && ip link set zt0 up
  ip -n far addr add fc9c:56c2:e3de:adbe:ef01:d3eb:0:2/40 dev zt0 nodad && ip -n far link set zt0 up
  ip -n far route add fc9c:56c2:e389:e92c:eee5::/80 via fc9c:56c2:e389:e92c:eee5::1
  mkdir -p /etc/docker /run/zerotier /run/image/bin
  export ZEROTIER_HOME=/run/zerotier
  mkfifo /run/port
  ${process.execPath} -e '${SERVICE}' > /run/port &
  read port < /run/port
  echo $port > /run/zerotier/zerotier-one.port
  echo ${TOKEN} > /run/zerotier/authtoken.secret
  echo ${IDENTITY} > /run/zerotier/identity.public
  alias zerotier-cli='echo 200 join OK #'
  cp $(command -v busybox) /run/image/bin/busybox && ln -s busybox /run/image/bin/ping
  systemctl() {
    true > /run/log
    dockerd --data-root=/run/data --storage-driver=vfs --exec-opt=native.cgroupdriver=cgroupfs \\
      --cgroup-parent=/sixplane-page >> /run/log 2>&1 &
    tail -f -s 0.05 --pid=$! /run/log | grep -q "API listen on" || { cat /run/log; false; }
    tar -C /run/image -c . | docker import - busybox > /dev/null
  }
`;

test("the README's way for operators ends in a ping between containers of two hosts", (context) => {
  context.skip(spawnSync("dockerd", ["--version"]).status !== 0, "dockerd is not installed");
  const block = blocksOf("README.md", "console").find((one) => !isPlain(one));
  if (!block) throw new Error("the README has no block with docker run");
  try {
    runContained(commandsOf(block), context, OPERATORS_HOST);
  } finally {
    execFileSync("find", ["/sys/fs/cgroup", "-depth", "-path", "*/sixplane-page*", "-type", "d", "-delete"]);
  }
});

describe("the programs of pages", () => {
  /** What programs leave to their readers, by page. */
  const LEFT: Record<string, string> = {
    "bindings/sixplane/README.md": `
      declare const frame: Uint8Array;
      declare const file: number;
      declare function deliver(frame: Uint8Array): void;
      declare function forward(frame: Uint8Array): void;
      declare function readSync(file: number, into: Uint8Array): number;
      declare function writeSync(file: number, from: Uint8Array, offset: number, length: number): void;`,
    "bindings/tap/README.md": `
      declare function send(frame: Uint8Array): Promise<void>;
      declare function receive(take: (frame: Uint8Array) => void): void;`,
    "bindings/capture/README.md": "",
  };

  test("compile, as strictly as TypeScript can", { timeout: 120_000 }, () => {
    using files = installed();
    const pages = PAGES.filter((page) => blocksOf(page, "ts").length > 0);
    expect(pages.sort()).toEqual(Object.keys(LEFT).sort());
    for (const [n, page] of pages.entries()) {
      const program = blocksOf(page, "ts").map(({ text }) => text);
      writeFileSync(files.path(`${n}.ts`), [LEFT[page], ...program, "export {};"].join("\n"));
    }
    const programs = pages.map((_, n) => `${n}.ts`);
    expect(compileStrictly(files.path(""), programs)).toBe("");
  });

  const [code = ""] = blocksOf("bindings/sixplane/README.md", "ts").map(({ text }) => text);
  const lines = code.split("\n");
  const claims = lines.flatMap((line) => {
    const [, expression, value] = /^(.*?); +\/\/ (["{u].*)$/.exec(line) ?? [];
    return expression && value ? [[expression, value] as const] : [];
  });
  const setup = lines.filter((line) => /^const /.test(line));

  test.each(claims)("%s is %s", (expression, value) => {
    const evaluate = new Function(
      "Network",
      "Prefix",
      `${setup.join("\n")}\nreturn [${expression}, ${value}];`,
    );
    const [got, claimed] = evaluate(Network, Prefix);
    expect(got).toEqual(claimed);
  });

  test("the one for captures keeps the replies that the command line makes", () => {
    using files = installed();
    const [program] = blocksOf("bindings/capture/README.md", "ts");
    const kernel = `${ROOT}/examples/capture/kernel.pcap`;
    writeFileSync(files.path("main.js"), program?.text ?? "");
    copyFileSync(kernel, files.path("kernel.pcap"));
    const run = (...words: string[]) =>
      spawnSync(process.execPath, words, { cwd: files.path(""), encoding: "utf8" });
    const { stdout, stderr } = run("main.js");
    expect(stderr).toBe("");
    const host = ["--network", "8056c2e279e6f8f0", "--node", "89e92ceee5"];
    const answered = run(COMMAND, "answer", ...host, "-o", "expected.pcap", kernel).stdout;
    expect(stdout.trimEnd().split("\n")).toEqual(
      [...answered.matchAll(/^ *\d+ +reply +\S+ +(.*) is at .*$/gm)].map(([, what]) => what),
    );
    expect(readFileSync(files.path("replies.pcap"))).toEqual(readFileSync(files.path("expected.pcap")));
  });
});

test("the sizes of the core's page are those of the builds", () => {
  const rows = [...readText("assembly/README.md").matchAll(/^\| `([\w-]+\.wasm)` \| ([\d,]+) \|/gm)].map(
    ([, name, bytes = ""]) => [name, bytes],
  );
  expect(rows.map(([name]) => name)).toEqual(BUILDS.map(({ name }) => `${name}.wasm`));
  for (const [name, bytes] of rows)
    expect(statSync(`${ROOT}/dist/${name}`).size.toLocaleString("en")).toBe(bytes);
});
