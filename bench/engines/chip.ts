// A Cortex-M3 in QEMU: what an engine adds to an image of flash and RAM, and the instructions of a call.
import { execFileSync, spawn } from "node:child_process";
import { type Build, type Engine, HERE, nothing, ROOT } from "./engines.ts";
import { objectOf } from "./objects.ts";
import { question, RECORD } from "./questions.ts";

const COMPILER = "arm-none-eabi-gcc";
const FIRMWARE = `${ROOT}examples/firmware`;
const TARGET = ["-Os", "-std=c11", "-mcpu=cortex-m3", "-mthumb", "-ffunction-sections", "-fdata-sections"];
const BOARD = ["start.c", "uart.c", "ethernet.c"].map((name) => `${FIRMWARE}/lm3s6965/${name}`);
const LINK = [
  ...["-nostartfiles", "--specs=nano.specs", "-Wl,--gc-sections", "-Wl,--defsym=STACK_SIZE=4096"],
  ...["-T", `${FIRMWARE}/lm3s6965/link.ld`],
];
const SECONDS = 60;

export interface OnChip {
  flash: number;
  ram: number;
  instructions: number;
}

/** @throws where a compiler or QEMU is missing, or a call fails */
export async function onChip(build: Build, engine: Engine, folder: string): Promise<OnChip> {
  const image = compile(build, engine, folder);
  const [own, rest] = [sizes(image), sizes(compile(build, nothing(), folder))];
  return {
    flash: own.flash - rest.flash,
    ram: own.ram - rest.ram,
    instructions: instructions(await printed(image)),
  };
}

function compile(build: Build, engine: Engine, folder: string): string {
  const { name, sources, flags, chipFlags = [], foreign = [] } = engine;
  const image = `${folder}/${build}-${name.replaceAll(/\W+/g, "-")}.elf`;
  const bytes = (all: Uint8Array) => Array.from(all, (byte) => `0x${byte.toString(16)}`).join(",");
  const own = [
    ...["-Wall", "-Wextra", "-Werror", `-I${FIRMWARE}`, `-I${HERE}`, `-I${ROOT}dist/c`],
    "-DSLOTS=1",
    `-DNEIGHBOUR=${build === "neighbour" ? 1 : 0}`,
    `-DRECORD_TEXT=${bytes(RECORD)}`,
    `-DQUESTION_TEXT=${bytes(question(build))}`,
  ];
  const theirs = foreign.map(({ source, flags, chipFlags }) =>
    objectOf(COMPILER, [...TARGET, ...flags, ...chipFlags], source, folder),
  );
  const all = [`${HERE}/chip.c`, ...sources, ...BOARD, ...theirs];
  const words = [...TARGET, ...own, ...flags, ...chipFlags, ...LINK, "-o", image, ...all];
  execFileSync(COMPILER, words, { stdio: "inherit" });
  return image;
}

function sizes(image: string): { flash: number; ram: number } {
  const table = execFileSync("arm-none-eabi-size", [image], { encoding: "utf8" });
  const [text = 0, data = 0, bss = 0] = table.split("\n")[1]?.trim().split(/\s+/).map(Number) ?? [];
  return { flash: text + data, ram: data + bss };
}

/** What the image prints until it is done. */
function printed(image: string): Promise<string> {
  const machine = [
    "-M",
    "lm3s6965evb",
    "-display",
    "none",
    "-monitor",
    "none",
    "-serial",
    "stdio",
    "-nic",
    "none",
  ];
  const child = spawn("qemu-system-arm", [...machine, "-icount", "shift=0", "-kernel", image]);
  const end = () => child.kill("SIGKILL");
  const timer = setTimeout(end, SECONDS * 1000);
  process.once("exit", end);
  return new Promise((resolve, reject) => {
    let text = "";
    const take = (chunk: Buffer) => {
      text += chunk;
      if (text.endsWith("done\n")) end();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      process.off("exit", end);
      if (text.endsWith("done\n")) resolve(text);
      else reject(new Error(`the image for the chip did not end, and printed: ${text}`));
    });
  });
}

function instructions(text: string): number {
  const said = (what: string) => Number(new RegExp(`^${what} (\\d+)$`, "m").exec(text)?.[1]);
  // A thousand rounds of a thousand times two instructions, and a mov and at least the loop around them.
  const perTick = 2_002_000 / said("million");
  return Math.round(((said("calls") - said("loop")) * perTick) / 1000);
}
