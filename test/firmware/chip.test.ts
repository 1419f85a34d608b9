// The firmware answers on a Cortex-M3 what the bindings answer here, whichever way the core runs.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { NETWORK, OWNER, SELF, solicitation, TARGET_RFC4193 } from "../support/frames.ts";
import { REPLIES } from "../support/vectors.ts";
import { Machine, Wire } from "./machine.ts";
import { configure, FIRMWARE, make, noChip } from "./tools.ts";
import { certain, recordOf, VECTOR_FRAMES, type VectorFrames, verdict } from "./vector-frames.ts";

const files = folder();
const build = `BUILD=${files.path("build")}`;
afterAll(() => files[Symbol.dispose]());

beforeEach(({ skip }) => skip(noChip !== undefined, noChip));

/** What config.c says. */
const HERE: VectorFrames = { name: "", network: NETWORK, self: SELF, modes: 3, frames: [] };

describe.each([
  ["by wasm2c", "responder-wasm2c", []],
  ["by wasm2c, unchecked", "responder-wasm2c-unchecked", ["CHECKED=0"]],
  ["flat", "responder-flat", ["ENGINE=flat"]],
  ["by wasm3", "responder-wasm3", ["ENGINE=wasm3"]],
])("the core %s", (_, name, words) => {
  const image = files.path(`build/${name}/firmware.elf`);
  beforeAll(() => {
    if (!noChip) make(build, ...words);
  });

  test.each(VECTOR_FRAMES)("gives the bindings' replies to $name, and no others", async (questions) => {
    const configured = configure("arm-none-eabi-objcopy", image, recordOf(questions), files.path(name));
    await using wire = await Wire.start(configured);
    const known = certain(questions);
    const counts = { reply: questions.frames.length, pass: 0, invalid: 0 };
    for (const { name, frame } of questions.frames) {
      const { kind, reply } = verdict(questions, frame);
      expect(await wire.exchange(frame, known), name).toEqual(kind === "reply" ? [reply] : []);
      counts[kind]++;
    }
    const { reply, pass, invalid } = counts;
    const last = `frames ${2 * questions.frames.length}, replies ${reply}, passed ${pass}, invalid ${invalid}, others 0\n`;
    await wire.machine.printed((text) => text.endsWith(last));
  });

  test("survives frames that are longer than its buffer, and answers one that just fits", async () => {
    await using wire = await Wire.start(image);
    const known = certain(HERE);
    for (const length of [1515, 1516, 1517, 1518, 1519, 1600, 2041]) {
      const long = new Uint8Array(length).fill(0x5a);
      long.set(solicitation());
      expect(await wire.exchange(long, known)).toEqual([]);
    }
    const options = `fd${((1514 - 78) >> 3).toString(16)}${"00".repeat(((1514 - 78) & ~7) - 2)}`;
    const fits = solicitation({ options, padding: "5a".repeat((1514 - 78) & 7) });
    expect(fits).toHaveLength(1514);
    expect(await wire.exchange(fits, known)).toEqual([verdict(HERE, fits).reply]);
  });

  test("keeps up with frames that come at once", async () => {
    await using wire = await Wire.start(image);
    const known = certain(HERE);
    for (let round = 0; round < 10; round++) {
      for (let sent = 0; sent < 20; sent++) wire.send(known.question);
      for (let got = 0; got < 20; got++) expect(await wire.receive()).toBe(known.answer);
    }
    await wire.machine.printed((text) =>
      text.endsWith("frames 200, replies 200, passed 0, invalid 0, others 0\n"),
    );
  });
});

const REPLIED = VECTOR_FRAMES.filter(({ name }) => name.startsWith("the replies"));

test.each(REPLIED)("tiny, flat, gives $name", async (questions) => {
  make(build, "VARIANT=tiny", "ENGINE=flat");
  const image = files.path("build/tiny-flat/firmware.elf");
  const record = recordOf(questions);
  await using wire = await Wire.start(
    configure("arm-none-eabi-objcopy", image, record, files.path("tiny-flat")),
  );
  const known = certain(questions);
  for (const { name, frame } of questions.frames) {
    expect(await wire.exchange(frame, known), name).toEqual([verdict(questions, frame).reply]);
  }
});

test("the vectors have 240 replies, and the firmware is asked for all of them", () => {
  const said = REPLIED.flatMap((one) => one.frames.map(({ frame }) => verdict(one, frame).reply));
  expect(said.sort()).toEqual(REPLIES.map(({ na }) => na).sort());
  expect(said).toHaveLength(240);
});

/** The builds of the core that answer. */
const VARIANTS = Object.keys(
  JSON.parse(readFileSync(`${FIRMWARE}/../../asconfig.json`, "utf8")).targets,
).filter((name) => {
  const module = readFileSync(fileURLToPath(import.meta.resolve(`sixplane/wasm/${name}.wasm`)));
  return WebAssembly.Module.exports(new WebAssembly.Module(module)).some((one) => one.name === "respond");
});

describe("the image", () => {
  const LIMITS = { wasm2c: { tiny: 3072, others: 4096 }, flat: { tiny: 2048, sixplane: 4096, others: 2560 } };
  const images = Object.entries(LIMITS).flatMap(([engine, limits]) =>
    VARIANTS.map((variant) => ({
      variant,
      engine,
      limit: limits[variant as keyof typeof limits] ?? limits.others,
    })),
  );

  test.each(images)(
    "of $variant, $engine, keeps within its budget, and answers",
    async ({ variant, engine, limit }) => {
      expect(make(build, `VARIANT=${variant}`, `ENGINE=${engine}`)).toMatch(
        new RegExp(
          `^${variant}, ${engine}: \\d+ of ${limit} bytes of flash, \\d+ of 2048 bytes of RAM$`,
          "m",
        ),
      );
      await using wire = await Wire.start(files.path(`build/${variant}-${engine}/firmware.elf`));
      const modes = variant.endsWith("-rfc4193") ? 2 : variant.endsWith("-6plane") ? 1 : 3;
      const known = certain({ ...HERE, modes });
      wire.send(known.question);
      expect(await wire.receive()).toBe(known.answer);
    },
  );

  test("of the responder takes at most 4 KB of flash and 2 KB of RAM, and says so", () => {
    const said = /^responder, wasm2c: (\d+) of 4096 bytes of flash, (\d+) of 2048 bytes of RAM$/m.exec(
      make(build),
    );
    const [flash, ram] = [Number(said?.[1]), Number(said?.[2])];
    expect(flash).toBeLessThanOrEqual(4096);
    expect(ram).toBeLessThanOrEqual(2048);
    const size = spawnSync("arm-none-eabi-size", [files.path("build/responder-wasm2c/firmware.elf")], {
      encoding: "utf8",
    });
    const [text, data, bss] = size.stdout.split("\n")[1]?.trim().split(/\s+/).map(Number) ?? [];
    expect([flash, ram]).toEqual([Number(text) + Number(data), Number(data) + Number(bss)]);
  });

  test.each(["FLASH_LIMIT=2500", "RAM_LIMIT=2000"])("is not built over its budget: %s", (limit) => {
    const { status, stderr } = spawnSync("make", ["-C", FIRMWARE, build, limit], { encoding: "utf8" });
    expect(status).not.toBe(0);
    expect(stderr).toContain("over budget\n");
  });

  test("answers only for the nodes that config.c names", async () => {
    writeFileSync(
      files.path("config.c"),
      `#include "config.h"
       __attribute__((section(".config"))) const struct sixplane_config config = {
           .network = {0x80, 0x56, 0xc2, 0xe2, 0x1c, 0x00, 0x00, 0x01}, .node = {1}, .modes = 3};
       const uint8_t config_nodes[][5] = {{0xfe, 0x0e, 0x1e, 0xc7, 0xed}, {0xde, 0xad, 0xbe, 0xef, 0x01}, {0}};`,
    );
    make(`CONFIG=${files.path("config.c")}`, `BUILD=${files.path("chosen")}`);
    await using wire = await Wire.start(files.path("chosen/responder-wasm2c/firmware.elf"));
    const questions = { ...HERE, self: "0100000000" };
    const known = certain(questions);
    const ask = (target: string) => wire.exchange(solicitation({ target }), known);
    for (const target of [TARGET_RFC4193, `fc9c56c2e3${OWNER}000000000042`]) {
      expect(await ask(target)).toEqual([verdict(questions, solicitation({ target })).reply]);
    }
    for (const target of ["fc9c56c2e31122334455000000000001", "fd8056c2e21c00000199931122334455"]) {
      expect(verdict(questions, solicitation({ target })).kind).toBe("reply");
      expect(await ask(target)).toEqual([]);
    }
    await wire.machine.printed((text) =>
      text.endsWith("frames 8, replies 6, passed 0, invalid 0, others 2\n"),
    );
  });

  test("stops where wasm3 has too little memory, and says why", async () => {
    make(`BUILD=${files.path("small")}`, "ENGINE=wasm3", "HEAP=4096");
    const image = files.path("small/responder-wasm3/firmware.elf");
    await using machine = await Machine.start(image, ["-nic", "none"], "memory");
    expect(await machine.printed((text) => text.endsWith("\n"))).not.toContain("sixplane answers");
  });
});
