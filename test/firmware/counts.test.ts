// How many instructions a reply takes on the Cortex-M3, beside the same rules written in C.
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { folder } from "../support/command.ts";
import { NETWORK, toHex } from "../support/frames.ts";
import { Machine } from "./machine.ts";
import { make, noChip } from "./tools.ts";
import { VECTOR_FRAMES } from "./vector-frames.ts";

const HERE = fileURLToPath(new URL("c", import.meta.url));
const NATIVE = fileURLToPath(new URL("../../bench/native", import.meta.url));
const HEADERS = fileURLToPath(new URL(".", import.meta.resolve("sixplane/c/sixplane.h")));

/** At most so many times the instructions of C. */
const BUDGET = { wasm2c: 1.2, "wasm2c, unchecked": 0.8, flat: 0.8 };

const files = folder();
afterAll(() => files[Symbol.dispose]());

/** Builds the program that measures, as the firmware is built, and gives the instructions of a reply. */
async function count(name: string, question: Uint8Array, ...words: string[]): Promise<number> {
  const bytes = toHex(question).replace(/../g, "0x$&,");
  make(
    `BUILD=${files.path("build")}`,
    `OUT=${files.path(name)}`,
    `MAIN=${HERE}/measure.c`,
    `EXTRA_FLAGS=-I${HERE} -I${NATIVE} -I${HEADERS} -DQUESTION=${bytes}`,
    "FLASH_LIMIT=65536",
    "RAM_LIMIT=32768",
    "STACK=4096",
    ...words,
  );
  const image = files.path(`${name}/firmware.elf`);
  await using machine = await Machine.start(image, ["-icount", "shift=0", "-nic", "none"], "done\n");
  const text = await machine.printed(() => true);
  const said = (what: string) => Number(new RegExp(`^${what} (\\d+)$`, "m").exec(text)?.[1]);
  // A thousand rounds of a thousand times two instructions, and a mov and at least the loop around them.
  const perTick = 2_002_000 / said("million");
  return ((said("replies") - said("loop")) * perTick) / 1000;
}

test("replies keep within the budget", async ({ skip }) => {
  skip(noChip !== undefined, noChip);
  const question = VECTOR_FRAMES.filter(({ network }) => network === NETWORK)
    .flatMap(({ frames }) => frames)
    .find(({ frame }) => frame.length === 86)?.frame;
  if (!question) throw new Error("there is none");
  const sources = ["measure.c", "core-c.c"].map((name) => `${HERE}/${name}`);
  const c = await count(
    "c",
    question,
    "ENGINE=c",
    `SOURCES=${sources.join(" ")} config.c ${NATIVE}/respond.c`,
  );
  const others = {
    wasm2c: await count("wasm2c", question),
    "wasm2c, unchecked": await count("unchecked", question, "CHECKED=0"),
    flat: await count("flat", question, "ENGINE=flat"),
    wasm3: await count("wasm3", question, "ENGINE=wasm3"),
  };
  console.log(`instructions per reply on a Cortex-M3: C ${c.toFixed(0)}`);
  for (const [name, instructions] of Object.entries(others)) {
    console.log(`  ${name} ${instructions.toFixed(0)}, ${(instructions / c).toFixed(2)} times as many`);
  }
  expect(c).toBeGreaterThan(100);
  for (const [name, times] of Object.entries(BUDGET))
    expect(others[name as keyof typeof BUDGET] / c, name).toBeLessThanOrEqual(times);
});
