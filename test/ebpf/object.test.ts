// The object file and the listing: libbpf, by bpftool, loads what `sixplane emit` writes, and the program answers.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { encode, linked } from "../../bindings/ebpf/code/encode.ts";
import { MAPS } from "../../bindings/ebpf/program/memory.ts";
import { COUNTER } from "../../bindings/ebpf/program/respond.ts";
import { translate } from "../../bindings/ebpf/translate.ts";
import { RESPONDERS, record } from "../support/builds.ts";
import { folder, sixplane } from "../support/command.ts";
import { readText } from "../support/files.ts";
import {
  advertisement,
  hex,
  NETWORK,
  SELF,
  solicitation,
  TARGET,
  TARGET_RFC4193,
  toHex,
} from "../support/frames.ts";
import { noBpf } from "./twin.ts";

const noBpftool = spawnSync("bpftool", ["version"]).status === 0 ? undefined : "no bpftool";
const OBSTACLE = noBpf ?? noBpftool;

const bpftool = (...words: string[]) => execFileSync("bpftool", words, { encoding: "utf8" });
const pairs = (bytes: Uint8Array) => [...bytes].map((one) => `0x${one.toString(16)}`);

/** Runs a script in namespaces of its own, with a BPF file system that goes with them: nothing stays pinned. */
function inOwnFileSystem(script: string[]): string {
  const all = ["set -e", "mount -t bpf bpf /sys/fs/bpf", ...script].join("\n");
  const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "--net", "sh", "-c", all], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

describe.skipIf(OBSTACLE).each(RESPONDERS)(
  `bpftool takes the object of $name${OBSTACLE ? `: ${OBSTACLE}` : ""}`,
  (build) => {
    test("with its maps, and it answers", async () => {
      using files = folder();
      const { status, stderr } = await sixplane([
        "emit",
        build.name,
        "--format",
        "ebpf",
        "-o",
        files.path(""),
      ]);
      expect([status, stderr]).toEqual([0, ""]);
      const target = build.modes & 1 ? TARGET : TARGET_RFC4193;
      writeFileSync(files.path("in"), solicitation({ target }));
      const memory = new Uint8Array(MAPS.memory.bytes);
      memory.set(hex(record(NETWORK, SELF)));
      const said = inOwnFileSystem([
        `bpftool prog load ${files.path(`${build.name}.bpf.o`)} /sys/fs/bpf/respond`,
        "bpftool -j prog show pinned /sys/fs/bpf/respond",
        "echo",
        'maps=$(bpftool -j prog show pinned /sys/fs/bpf/respond | sed "s/.*\\"map_ids\\":\\[\\([0-9,]*\\)\\].*/\\1/")',
        `bpftool map update id "\${maps%,*}" key 0 0 0 0 value ${pairs(memory).join(" ")}`,
        `bpftool prog run pinned /sys/fs/bpf/respond data_in ${files.path("in")} data_out ${files.path("out")} >&2`,
        `bpftool -j map dump id "\${maps#*,}"`,
        "echo",
        "ip link add veth0 type veth peer name far",
        "tc qdisc add dev veth0 clsact",
        "tc filter add dev veth0 egress bpf direct-action object-pinned /sys/fs/bpf/respond",
        "tc -json filter show dev veth0 egress",
      ]);
      const [program, counters, filters] = said
        .trim()
        .split(/\n+/)
        .map((line) => JSON.parse(line));
      expect(program).toMatchObject({ type: "sched_cls", name: "respond" });
      expect(toHex(new Uint8Array(readFileSync(files.path("out"))))).toBe(advertisement({ target }));
      expect(JSON.stringify(filters)).toContain('"direct-action":true');
      // With BTF, bpftool writes numbers, not bytes.
      const rows: { formatted: { key: number; values: { value: number }[] } }[] = counters;
      const sum = rows[COUNTER.reply]?.formatted.values.reduce((total, { value }) => total + value, 0);
      expect([rows.length, rows[COUNTER.reply]?.formatted.key, sum]).toEqual([
        MAPS.counters.entries,
        COUNTER.reply,
        1,
      ]);
    });
  },
);

test.skipIf(noBpftool)("the types are those of two maps", async () => {
  using files = folder();
  await sixplane(["emit", "sixplane", "--format", "ebpf", "-o", files.path("")]);
  const raw = bpftool("btf", "dump", "file", files.path("sixplane.bpf.o"));
  for (const name of Object.keys(MAPS)) expect(raw).toContain(`VAR '${name}'`);
});

test.each(RESPONDERS)(
  "the raw instructions of $name have numbers for their maps",
  async ({ name, bytes }) => {
    using files = folder();
    await sixplane(["emit", name, "--format", "ebpf", "-o", files.path("")]);
    const program = translate(bytes);
    const raw = new Uint8Array(readFileSync(files.path(`${name}.bpf.bin`)));
    expect(raw).toEqual(linked(program, (map) => (map === "memory" ? 0 : 1)));
    expect(program.relocations.map(({ map }) => map)).toEqual(["memory", "counters"]);
  },
);

describe.each(RESPONDERS)("the listing of $name", ({ name, bytes }) => {
  test("has every eBPF instruction by its number, and the WebAssembly of the core beside it", async () => {
    using files = folder();
    await sixplane(["emit", name, "--format", "ebpf-listing", "-o", files.path("")]);
    const [head = "", ...lines] = readFileSync(files.path(`${name}.bpf.txt`), "utf8")
      .trimEnd()
      .split("\n");
    const { code } = translate(bytes);
    const { places, bytes: encoded } = encode(code);
    expect(head).toMatch(new RegExp(`^WebAssembly +eBPF: ${encoded.length / 8} instructions$`));
    const numbers = lines.flatMap((line) => / (\d+) {4}\S/.exec(line.slice(40))?.[1] ?? []).map(Number);
    expect(numbers).toEqual(places.filter((_, n) => code[n]?.kind !== "label"));
    // The places on the left are those of instructions in the module.
    const left = lines.flatMap((line) => /^0x(\w+) {2}(\S+)/.exec(line)?.slice(1, 3) ?? []);
    expect(left.length / 2).toBeGreaterThan(100);
    const loads = {
      "i32.load": 0x28,
      "i64.load": 0x29,
      "i64.store": 0x37,
      "i32.eq": 0x46,
      "i32.ne": 0x47,
      select: 0x1b,
    };
    for (let n = 0; n < left.length; n += 2) {
      const opcode = loads[left[n + 1] as keyof typeof loads];
      if (opcode !== undefined) expect(bytes[Number.parseInt(left[n] ?? "", 16)]).toBe(opcode);
    }
    // Above them are lines of the core, as they stand in its files.
    const sources = lines.flatMap((line) => /^\/\/ (\w+\.ts):(\d+) {2}(.*)$/.exec(line)?.slice(1) ?? []);
    expect(sources.length / 3).toBeGreaterThan(30);
    for (let n = 0; n < sources.length; n += 3) {
      const [file = "", number, text] = sources.slice(n, n + 3);
      expect(readText(`assembly/${file}`).split("\n")[Number(number) - 1]?.trim()).toBe(text);
    }
    // Where each jump leads is a line.
    const targets = lines.flatMap((line) => /goto (\w+)$/.exec(line)?.[1] ?? []);
    for (const target of targets) expect(lines.some((line) => line.trim() === `${target}:`)).toBe(true);
  });
});

test("a rule of the core is found in the listing, from its line to its jump", async () => {
  using files = folder();
  await sixplane(["emit", "sixplane", "--format", "ebpf-listing", "-o", files.path("")]);
  const text = readFileSync(files.path("sixplane.bpf.txt"), "utf8");
  const [, block = ""] =
    /\n\/\/ respond\.ts:\d+ {2}if \(load<i8>\(frame, HOP_LIMIT\) != -1\)[^\n]*\n(.*?)\n\n/s.exec(text) ?? [];
  expect(block).toMatch(/^0x\w+ {2}i32\.load8_s offset=21 +\d+ +r(\d) = \*\(u8 \*\)\(r9 \+ 37\)\n/);
  expect(block).toMatch(/i32\.(ne|if|eq)? .*if w\d [!=]= -1 goto \w+/);
});
