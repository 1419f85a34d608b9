// The size report, and what it and the budgets do where something grew.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { BUILDS, CHECKERS, RESPONDERS } from "../support/builds.ts";
import { folder } from "../support/command.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SNAPSHOT = JSON.parse(readFileSync(`${ROOT}/bench/size/snapshot.json`, "utf8"));

const report = (...words: string[]) => run(["bench/size/run.js", ...words]);
/** The report without any compiler for the chips, and so at once. */
const quickReport = (...words: string[]) =>
  run(["bench/size/run.js", ...words], { ...process.env, PATH: "" });
const budgets = (dist: string) => run(["--input-type=module", "--eval", CHECK_BUDGETS, dist]);
const CHECK_BUDGETS =
  'import { checkBudgets } from "./bindings/build/budgets.js"; checkBudgets(process.argv[1]);';

function run(words: string[], env = process.env) {
  return spawnSync(process.execPath, words, { cwd: ROOT, env, encoding: "utf8" });
}

describe("the size report", () => {
  const { status, stdout, stderr } = report("--json");
  const rows: Record<string, unknown>[] = JSON.parse(stdout);

  const names = BUILDS.map(({ name }) => name);

  test("has a row of nine sizes for every build, for its flat form, and for the rules in C", () => {
    expect(status).toBe(0);
    expect(rows.map(({ build }) => build)).toEqual([
      ...names,
      ...names.map((name) => `${name} flat`),
      "reference C",
    ]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual([
        "build",
        "wasm",
        "gzip",
        "brotli",
        "code",
        "cortexM0",
        "cortexM3",
        "rv32imc",
        "ebpf",
        "verified",
      ]);
    }
  });

  const isFlat = (build: unknown) => String(build).endsWith(" flat");

  test("leaves out only what it says that it cannot measure", () => {
    for (const { build, ...sizes } of rows) {
      for (const [column, size] of Object.entries(sizes)) {
        const onChip = ["cortexM0", "cortexM3", "rv32imc"].includes(column);
        const isEbpf = ["ebpf", "verified"].includes(column);
        const isInKernel = [...RESPONDERS, ...CHECKERS].some(({ name }) => name === build);
        const lacks = onChip
          ? stderr.includes(column)
          : isFlat(build)
            ? true
            : isEbpf
              ? !isInKernel || stderr.includes(column)
              : build === "reference C" && stderr.includes("clang");
        if (lacks) expect(size).toBeNull();
        else expect(size, `${build} ${column}`).toBeGreaterThan(100);
      }
    }
  });

  test("says what is missing where there is no compiler", () => {
    const { status, stdout, stderr } = quickReport();
    expect(status).toBe(0);
    const notes = stderr.trimEnd().split("\n");
    expect(notes.filter((line) => !line.includes(" verified: "))).toEqual([
      "not measured here: cortexM0 takes gcc-arm-none-eabi, libnewlib-arm-none-eabi",
      "not measured here: cortexM3 takes gcc-arm-none-eabi, libnewlib-arm-none-eabi",
      "not measured here: rv32imc takes gcc-riscv64-unknown-elf, picolibc-riscv64-unknown-elf",
      "not measured here: the C's own WebAssembly takes clang, lld",
    ]);
    expect(stdout).toMatch(/^responder( +\d+){4}( +-){3}( +\d+){1,2}( +-)?$/m);
    expect(stdout).toMatch(/^reference C( +-){9}$/m);
    expect(quickReport("--complete").status).toBe(1);
  });

  test("has the flat form smallest, and that of the responder smaller than C", () => {
    const size = (build: string, chip: string) => Number(rows.find((row) => row["build"] === build)?.[chip]);
    for (const chip of ["cortexM0", "cortexM3", "rv32imc"].filter((name) => !stderr.includes(name))) {
      for (const name of names) expect(size(`${name} flat`, chip)).toBeLessThan(size(name, chip));
    }
    if (stderr.includes("cortexM3")) return;
    expect(size("responder flat", "cortexM3")).toBeLessThanOrEqual(1200);
    expect(size("responder flat", "cortexM3")).toBeLessThan(size("reference C", "cortexM3"));
    expect(size("tiny flat", "cortexM3")).toBeLessThanOrEqual(650);
  });

  test("has the modules' own sizes, in order", () => {
    for (const build of BUILDS) {
      const row = rows.find((one) => one["build"] === build.name) as Record<string, number> | undefined;
      expect(row?.["wasm"]).toBe(build.bytes.length);
      expect(row?.["code"]).toBeLessThan(build.bytes.length);
      expect(row?.["gzip"]).toBeLessThan(build.bytes.length);
    }
  });

  test("is on the page of the core as it is", () => {
    const readme = readFileSync(`${ROOT}/assembly/README.md`, "utf8");
    const shown = [...readme.matchAll(/^([\w-]+(?: C| flat)?) +((?: +(?:\d+|-)){9})$/gm)].map(
      ([, build, cells = ""]) => {
        const numbers = cells
          .trim()
          .split(/ +/)
          .map((cell) => (cell === "-" ? null : Number(cell)));
        return { build, wasm: numbers[0], code: numbers[3], ebpf: numbers[7] };
      },
    );
    // The other columns depend on the versions of compilers and of the kernel; so does the C's own module.
    expect(shown.slice(0, -1)).toEqual(
      rows.slice(0, -1).map(({ build, wasm, code, ebpf }) => ({ build, wasm, code, ebpf })),
    );
    expect(shown.at(-1)?.build).toBe("reference C");
  });
});

describe("a build that grew", () => {
  function snapshotWith(change: (snapshot: typeof SNAPSHOT) => void) {
    using files = folder();
    const snapshot = structuredClone(SNAPSHOT);
    change(snapshot);
    writeFileSync(files.path("snapshot.json"), JSON.stringify(snapshot));
    return quickReport("--json", "--snapshot", files.path("snapshot.json"));
  }

  test("over its snapshot fails, by function", () => {
    const { status, stderr } = snapshotWith(({ responder }) => {
      responder.wasm -= 30;
      responder.functions.respond -= 21;
      responder.functions.checksum += 3;
      responder.functions.gone = 2;
    });
    expect(status).toBe(1);
    const { wasm, functions } = SNAPSHOT.responder;
    expect(stderr.split("\n").filter((line) => !line.startsWith("not measured"))).toEqual([
      `responder grew by 30 bytes over its snapshot, from ${wasm - 30} to ${wasm}:`,
      `  checksum              -3  from ${functions.checksum + 3} to ${functions.checksum}`,
      `  respond              +21  from ${functions.respond - 21} to ${functions.respond}`,
      "  gone                  -2  from 2 to 0",
      "  (not in functions)   +14",
      "",
    ]);
  });

  test("is told from one that shrank, and from one without a snapshot", () => {
    const { status, stderr } = snapshotWith((snapshot) => {
      snapshot.tiny.wasm += 5;
      delete snapshot.address;
    });
    expect(status).toBe(1);
    expect(stderr).toContain("tiny is 5 bytes smaller than its snapshot: --update keeps that");
    expect(stderr).toContain("address is in no snapshot: --update takes one");
  });

  test("has no place in the committed snapshot", () => {
    using files = folder();
    const { status } = quickReport("--json", "--update", "--snapshot", files.path("snapshot.json"));
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(files.path("snapshot.json"), "utf8"))).toEqual(SNAPSHOT);
  });

  test.each(BUILDS.map(({ name }) => name))("over its budget fails the build: %s", (name) => {
    using files = folder();
    const dist = files.path("dist");
    mkdirSync(dist);
    for (const file of [...BUILDS.map(({ name }) => `${name}.wasm`), "index.js"]) {
      cpSync(`${ROOT}/dist/${file}`, `${dist}/${file}`);
    }
    expect(budgets(dist).status).toBe(0);
    const bytes = readFileSync(`${dist}/${name}.wasm`);
    // One more custom section, of no name.
    writeFileSync(`${dist}/${name}.wasm`, Buffer.concat([bytes, Uint8Array.of(0, 1, 0)]));
    const { status, stdout } = budgets(dist);
    expect(status).toBe(1);
    const over = stdout.split("\n").filter((line) => line.endsWith("OVER BUDGET"));
    expect(over.map((line) => line.split(" ")[0])).toEqual([`${name}.wasm`]);
  });
});
