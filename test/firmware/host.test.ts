// The firmware's C on this machine, and the core in wasm3 with no byte of memory too many.
import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { toHex } from "../support/frames.ts";
import { configure, make, noHost } from "./tools.ts";
import { recordOf, VECTOR_FRAMES, verdict } from "./vector-frames.ts";

const WASM3 = fileURLToPath(new URL("../../node_modules/react-native-webassembly/cpp", import.meta.url));
const HEADERS = fileURLToPath(new URL(".", import.meta.resolve("sixplane/c/sixplane.h")));
const SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const files = folder();
const build = `BUILD=${files.path("build")}`;
afterAll(() => files[Symbol.dispose]());
beforeEach(({ skip }) => skip(noHost !== undefined, noHost));

const ENGINES: [string, string, string[]][] = [
  ["wasm2c", "responder-wasm2c", []],
  ["wasm3", "responder-wasm3", ["ENGINE=wasm3"]],
];

describe.each(ENGINES)("built for this machine, by %s,", (_, name, words) => {
  const program = files.path(`build/${name}/host`);
  beforeAll(() => {
    if (!noHost) make(build, "host", ...words);
  });

  test("it gives the bindings' replies to every vector, and counts", () => {
    for (const questions of VECTOR_FRAMES) {
      const configured = configure("objcopy", program, recordOf(questions), files.path(name));
      const input = questions.frames.map(({ frame }) => `${toHex(frame)}\n`).join("");
      const verdicts = questions.frames.map(({ frame }) => verdict(questions, frame));
      const { status, stdout, stderr } = spawnSync(configured, { input, encoding: "utf8" });
      expect(stdout.split("\n").slice(0, -1)).toEqual(verdicts.map(({ reply }) => reply).filter(Boolean));
      const [replies, passed, invalid] = ["reply", "pass", "invalid"].map(
        (kind) => verdicts.filter((one) => one.kind === kind).length,
      );
      const counters = `frames ${verdicts.length}, replies ${replies}, passed ${passed}, invalid ${invalid}, others 0`;
      expect([status, stderr]).toEqual([0, `sixplane answers\n${counters}\n`]);
    }
  });

  test.each([
    ["", 0, "sixplane answers\n"],
    ["\n", 0, "sixplane answers\nframes 1, replies 0, passed 1, invalid 0, others 0\n"],
    ["3333", 0, "sixplane answers\nframes 1, replies 0, passed 1, invalid 0, others 0\n"],
    ["333", 1, "sixplane answers\na frame must be a line of hex digits, two for each byte\n"],
    ["33 33\n", 1, "sixplane answers\na frame must be a line of hex digits, two for each byte\n"],
    [`${"5a".repeat(9000)}\n`, 0, "sixplane answers\nframes 1, replies 0, passed 1, invalid 0, others 0\n"],
  ])("it takes lines of hex digits: %#", (input, status, stderr) => {
    const run = spawnSync(program, { input, encoding: "utf8" });
    expect([run.status, run.stdout, run.stderr]).toEqual([status, "", stderr]);
  });
});

test("it touches no other memory", () => {
  make(`BUILD=${files.path("sanitized")}`, "host", `CFLAGS=-O1 ${SANITIZERS.join(" ")}`);
  const program = files.path("sanitized/responder-wasm2c/host");
  for (const questions of VECTOR_FRAMES) {
    const configured = configure("objcopy", program, recordOf(questions), files.path("sanitized-configured"));
    const input = questions.frames.map(({ frame }) => `${toHex(frame)}\n`).join("");
    const { status, stderr } = spawnSync(configured, { input, encoding: "utf8" });
    expect([status, stderr.split("\n").length]).toEqual([0, 3]);
  }
});

describe("as C by wasm2c, the memory of the record and the frame", () => {
  const long = VECTOR_FRAMES.flatMap(({ frames }) => frames).reduce(
    (most, { frame }) => Math.max(most, frame.length),
    0,
  );
  const asked = VECTOR_FRAMES.flatMap((questions) =>
    questions.frames.map(({ frame }) => ({ questions, frame, ...verdict(questions, frame) })),
  );

  function ofWasm2c(memory: number, questions: typeof asked): string[] {
    const source = fileURLToPath(new URL("c/trap.c", import.meta.url));
    const words = [
      "-std=c11",
      "-Wall",
      "-Wextra",
      "-Werror",
      ...SANITIZERS,
      `-DWASM_RT_MEMORY_SIZE=${memory}`,
    ];
    const program = files.path(`trap-${memory}`);
    execFileSync("cc", [...words, `-I${HEADERS}`, "-o", program, source, `${HEADERS}/responder-wasm2c.c`]);
    const input = questions.map((one) => `${recordOf(one.questions)} ${toHex(one.frame)}\n`).join("");
    return execFileSync(program, { input, encoding: "utf8" }).split("\n").slice(0, -1);
  }

  test("is enough for every vector", () => {
    const result = { reply: 86, pass: 0, invalid: -16 };
    expect(ofWasm2c(16 + long, asked)).toEqual(asked.map(({ kind }) => `result ${result[kind]}`));
  });

  test("less one byte is too little for a reply: a trap, after which the core can be called again", () => {
    const short = asked.filter(({ frame }) => frame.length <= 86);
    const result = { reply: "trap 1", pass: "result 0", invalid: "" };
    const judged = short.filter(({ kind }) => kind !== "invalid");
    expect(ofWasm2c(16 + 85, judged)).toEqual(judged.map(({ kind }) => result[kind]));
  });
});

describe("flat, on this machine below 4 GiB,", () => {
  test("it gives the replies to every vector, and touches nothing but record and frame", ({ skip }) => {
    skip(process.arch !== "x64", "mmap gives no low addresses here");
    const [source, low] = ["c/flat.c", "../../bench/engines/low.h"].map((name) =>
      fileURLToPath(new URL(name, import.meta.url)),
    );
    const program = files.path("flat");
    const words = [
      "-std=c11",
      "-O1",
      "-Wall",
      "-Wextra",
      "-Werror",
      "-D_GNU_SOURCE",
      "-include",
      low ?? "",
      `-I${HEADERS}`,
    ];
    execFileSync("cc", [...words, "-o", program, source ?? "", `${HEADERS}/responder-flat.c`]);
    const asked = VECTOR_FRAMES.flatMap((questions) =>
      questions.frames.map(({ frame }) => ({
        record: recordOf(questions),
        frame,
        ...verdict(questions, frame),
      })),
    );
    const input = asked.map(({ record, frame }) => `${record} ${toHex(frame)}\n`).join("");
    const output = execFileSync(program, { input, encoding: "utf8" });
    const result = { reply: 86, pass: 0, invalid: -16 };
    const lines = asked.map(({ kind, reply }) => `${result[kind]} ${reply}`);
    expect(output.split("\n").slice(0, -1)).toEqual(lines.flatMap((line) => [line, line]));
    expect(asked.filter(({ kind }) => kind === "reply").length).toBeGreaterThanOrEqual(240);
  });
});

test("the flat form is not built where addresses have 64 bits, and that is said", ({ skip }) => {
  skip(!["x64", "arm64"].includes(process.arch), "addresses have 32 bits here");
  expect(() => make(build, "host", "ENGINE=flat")).toThrow(
    "the flat form of the core takes addresses of 32 bits: use the form with an instance (emit --format c)",
  );
});

describe("in wasm3, the memory of the record and the frame", () => {
  /** Lines of: memory, record, frame. */
  function ofWasm3(questions: { memory: number; record: string; frame: Uint8Array }[]): string[] {
    const source = fileURLToPath(new URL("c/limit.c", import.meta.url));
    const sources = ["bind", "code", "compile", "core", "env", "exec", "function", "info", "module", "parse"];
    execFileSync("cc", [
      ...["-std=gnu11", "-O1", "-g", "-w", "-fsanitize=address", "-Dd_m3HasFloat=0"],
      ...[`-I${HEADERS}`, `-I${WASM3}`, "-o", files.path("limit"), source],
      ...sources.map((name) => `${WASM3}/m3_${name}.c`),
    ]);
    const input = questions.map(({ memory, record, frame }) => `${memory} ${record} ${toHex(frame)}\n`);
    const output = execFileSync(files.path("limit"), { input: input.join(""), encoding: "utf8" });
    return output.split("\n").slice(0, -1);
  }

  const asked = VECTOR_FRAMES.flatMap((questions) =>
    questions.frames.map(({ frame }) => ({ questions, frame, ...verdict(questions, frame) })),
  );
  const least = (frame: Uint8Array) => 16 + Math.max(86, frame.length);
  const inMemory = (more: number) => (one: (typeof asked)[number]) => ({
    memory: least(one.frame) + more,
    record: recordOf(one.questions),
    frame: one.frame,
  });

  test("is enough for every vector", () => {
    const result = { reply: 86, pass: 0, invalid: -16 };
    expect(ofWasm3(asked.map(inMemory(0)))).toEqual(
      asked.map(({ kind, reply }) => `result ${result[kind]} ${reply}`),
    );
  });

  test("less one byte is too little for a reply: a trap, and nothing else is touched", () => {
    const answered = asked.filter(({ kind, frame }) => kind === "reply" && frame.length <= 86);
    expect(answered.length).toBeGreaterThan(200);
    expect(ofWasm3(answered.map(inMemory(-1)))).toEqual(answered.map(() => "trap 0 "));
  });
});
