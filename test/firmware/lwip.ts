// Devices with lwIP, which is built from source, at TAP interfaces.
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { obstacle } from "../support/namespace.ts";
import { FIRMWARE, isInstalled } from "./tools.ts";

export const C = fileURLToPath(new URL(".", import.meta.resolve("sixplane/c/sixplane.h")));
/** The programs that go with this test. */
export const LWIP = fileURLToPath(new URL("lwip", import.meta.url));

/** Why lwIP cannot be built for this machine, or undefined where it can. */
export const noLwip = ["make", "gcc", "apt-get", "xz"]
  .filter((program) => !isInstalled(program))
  .map((program) => `no ${program}`)[0];

/**
 * The folder of lwIP's sources, which are brought from Debian once: from the network namespace of the process that has started
 * this one, as a test's own has no way out.
 */
export function sourceOf(version: string): string {
  const make = ["make", "-s", "-C", `${FIRMWARE}/lwip`, "source", `LWIP_VERSION=${version}`];
  const outside = obstacle === undefined ? ["nsenter", `--net=/proc/${process.ppid}/ns/net`, "--"] : [];
  const [program = "", ...words] = [...outside, ...make];
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(`make source: ${stderr}`);
  return stdout.trim();
}

export interface Build {
  version: string;
  /** The build of the core that goes in. */
  core: "address" | "sixplane";
  /** Definitions for all of it. */
  defines: string[];
}

function options({ version, defines }: Build): string[] {
  const folders = [LWIP, `${sourceOf(version)}/src/include`, C, `${C}/lwip`];
  return [...folders.map((path) => `-I${path}`), ...defines.map((define) => `-D${define}`)];
}

/** What gcc says about the glue alone. */
export function complaints(build: Build): string {
  const words = [
    ...options(build),
    "-std=c11",
    "-Wall",
    "-Wextra",
    "-fsyntax-only",
    `${C}/lwip/sixplane_lwip.c`,
  ];
  return spawnSync("gcc", words, { encoding: "utf8" }).stderr;
}

/** Builds a program with lwIP and the glue, with the address sanitizer, into a folder. */
export function buildProgram(name: "device" | "two", build: Build, out: string, link = ""): string {
  const flags = ["-std=gnu11", "-g", "-fsanitize=address", ...options(build)];
  const source = `${sourceOf(build.version)}/src`;
  const script = `set -e
    mkdir -p ${out} && cd ${out}
    ls ${source}/core/*.c ${source}/core/ipv6/*.c ${source}/netif/ethernet.c ${C}/${build.core}-wasm2c.c \
      | xargs -P ${availableParallelism()} -n 8 gcc -w -c "$@"
    gcc -Wall -Wextra -Werror "$@" -o ${name} ${LWIP}/${name}.c ${C}/lwip/sixplane_lwip.c *.o ${link} -lm`;
  const { status, stderr } = spawnSync("sh", ["-c", script, "sh", ...flags], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return `${out}/${name}`;
}

/** Builds the device, which counts what goes into and out of lwIP. */
export function buildDevice(build: Build, out: string): string {
  return buildProgram("device", build, out, "-Wl,--wrap=ethip6_output,--wrap=ethernet_input");
}

/** A device that runs; see lwip/device.c for what it may be told. */
export class Device implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  #printed = "";
  #taken = 0;
  #ended = false;
  #happened = () => {};

  constructor(program: string, tap: string) {
    this.#process = spawn(program, [tap]);
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.on("data", (chunk) => {
        this.#printed += chunk;
        this.#happened();
      });
    this.#process.on("close", () => {
      this.#ended = true;
      this.#happened();
    });
  }

  /** All that it printed. */
  get printed(): string {
    return this.#printed;
  }

  tell(...lines: string[]): void {
    this.#process.stdin.write(lines.map((line) => `${line}\n`).join(""));
  }

  /** Waits until it has printed as many more lines, and gives them. */
  async lines(count: number): Promise<string[]> {
    const deadline = setTimeout(() => this.#process.kill(), 15_000);
    try {
      for (;;) {
        const lines = this.#printed.split("\n").slice(0, -1);
        if (lines.length >= this.#taken + count) {
          this.#taken += count;
          return lines.slice(this.#taken - count, this.#taken);
        }
        if (this.#ended) throw new Error(`the device printed only: ${this.#printed}`);
        await new Promise<void>((resolve) => (this.#happened = resolve));
      }
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Tells it something, and gives what it says to that, behind the word itself. */
  async ask(line: string): Promise<string> {
    this.tell(line);
    const [word = ""] = line.split(" ");
    for (;;) {
      const [answer = ""] = await this.lines(1);
      const [first, ...rest] = answer.split(" ");
      if (first === word) return rest.join(" ");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const gone = once(this.#process, "close");
    this.#process.stdin.end();
    await gone;
  }
}
