// The engines that run the core, and the same rules in C: what each is compiled from, by gcc for a chip or for here.
import { fileURLToPath } from "node:url";

// The program is bundled into dist/bench/, from where all is as far as from here.
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const HERE = `${ROOT}bench/engines`;
const CORE = `${ROOT}dist/c`;
const WASM3 = `${ROOT}node_modules/react-native-webassembly/cpp`;
const WASM3_SOURCES = [
  "bind",
  "code",
  "compile",
  "core",
  "env",
  "exec",
  "function",
  "info",
  "module",
  "parse",
];

/** What is called, of the build that has the name and nothing else to call. */
export const BUILDS = ["neighbour", "tiny", "responder"] as const;
export type Build = (typeof BUILDS)[number];

export interface Engine {
  name: string;
  sources: string[];
  flags: string[];
  /** What is not ours. */
  foreign?: Foreign[];
  /** More flags for the chip, and for a machine with addresses of 64 bits. */
  chipFlags?: string[];
  hostFlags?: string[];
}

export interface Foreign {
  source: string;
  flags: string[];
  chipFlags: string[];
}

/** Every engine that runs the build; first, where there are such, the rules in C. */
export function enginesOf(build: Build): Engine[] {
  return [...byHand(build), checked(build), unchecked(build), flat(build), wasm3(build)];
}

/** The rules of `tiny` nobody has written in C. */
function byHand(build: Build): Engine[] {
  if (build === "tiny") return [];
  const rules = build === "neighbour" ? "neighbour.c" : "respond.c";
  const flags = build === "neighbour" ? [] : ["-DREASONS=0"];
  return [{ name: "C", sources: [`${HERE}/with-c.c`, `${ROOT}bench/native/${rules}`], flags }];
}

/** What an image has without an engine. */
export function nothing(): Engine {
  return { name: "nothing", sources: [`${HERE}/with-nothing.c`], flags: [] };
}

function checked(build: Build): Engine {
  return {
    name: "wasm2c",
    sources: [`${HERE}/with-wasm2c.c`, `${CORE}/${build}-wasm2c.c`],
    flags: [...coreFlags(build, `${build}-wasm2c.h`), "-DWASM_RT_MEMORY_SIZE=(16+2+SLOTS*88+6)"],
  };
}

function unchecked(build: Build): Engine {
  const { flags, ...rest } = checked(build);
  return { ...rest, name: "wasm2c, unchecked", flags: [...flags, "-DWASM_RT_MEMCHECK_GUARD_PAGES=1"] };
}

function flat(build: Build): Engine {
  return {
    name: "flat",
    sources: [`${HERE}/with-flat.c`, `${CORE}/${build}-flat.c`],
    flags: coreFlags(build, `${build}-flat.h`),
    // All that the program has lies below 4 GiB.
    hostFlags: ["-no-pie", "-include", `${HERE}/low.h`],
  };
}

/** For small devices: no floats, and small pages of code, stacks and tables. */
const WASM3_ANYWHERE = ["-isystem", WASM3, "-Dd_m3HasFloat=0"];
const WASM3_ON_CHIP = [
  "-Dd_m3CodePageAlignSize=1024",
  "-Dd_m3MaxFunctionStackHeight=64",
  "-Dd_m3MaxConstantTableSize=64",
  "-Dd_m3VerboseErrorMessages=0",
];
/** The bytes that wasm3 allocates from on a chip: with 1,024 less, it fails. */
const WASM3_HEAP: Record<Build, number> = { neighbour: 4096, tiny: 5120, responder: 6144 };

function wasm3(build: Build): Engine {
  const heap = [`-Dd_m3FixedHeap=${WASM3_HEAP[build]}`, "-Dd_m3FixedHeapAlign=8"];
  return {
    name: "wasm3",
    sources: [`${HERE}/with-wasm3.c`],
    flags: [...coreFlags(build, `${build}.wasm.h`), ...WASM3_ANYWHERE],
    chipFlags: WASM3_ON_CHIP,
    foreign: WASM3_SOURCES.map((name) => ({
      source: `${WASM3}/m3_${name}.c`,
      flags: WASM3_ANYWHERE,
      chipFlags: name === "core" ? [...WASM3_ON_CHIP, ...heap] : WASM3_ON_CHIP,
    })),
  };
}

function coreFlags(build: Build, header: string): string[] {
  return [`-I${CORE}`, `-DCORE_NAME=${build}`, `-DCORE_HEADER="${header}"`];
}
