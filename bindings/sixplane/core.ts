// The core's ABI. No other file knows where things lie in its memory or what its numbers mean.

import { instantiateSync } from "@assemblyscript/loader";
import build from "../../dist/sixplane.wasm";
import {
  CompilationRefusedError,
  InputError,
  MissingFunctionError,
  mismatch,
  NotInitializedError,
} from "./errors.ts";

/**
 * How an address names its owner: as a /80 of the network's /40, as 6PLANE does, or as a /128 of its /88, as
 * in RFC 4193 mode (upstream: ZeroTier's two ways to manage addresses).
 *
 * @example
 * const mode: Mode = "6plane";
 */
export type Mode = "6plane" | "rfc4193";

// The types of what a runtime may have: a project whose libraries do not declare it never names it.
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Type } } }
  ? Type
  : never;
type Memory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer Type } } } ? Type : never;
type FetchResponse = typeof globalThis extends { Response: { prototype: infer Type } } ? Type : never;

/**
 * A build of the core: its bytes, or the module that they compile to. All builds are in the package, as
 * `sixplane/wasm/sixplane.wasm` and so on.
 *
 * @example
 * const source: CoreSource = readFileSync(new URL(import.meta.resolve("sixplane/wasm/responder.wasm")));
 */
export type CoreSource = ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Bits of the record's modes byte; the first two are also what `owner` returns.
 *
 * @internal
 */
export const MODE_BITS = { "6plane": 1, rfc4193: 2, probes: 4 } as const;

/**
 * The bytes of an advertisement, and of the memory that a frame needs at least.
 *
 * @internal
 */
export const REPLY_LENGTH = 86;

/** What `respond` returns for frames to pass on, as in assembly/reason.ts. */
export const PASS_REASONS = {
  "-1": "not-ipv6",
  "-2": "too-short",
  "-3": "unicast-probe",
  "-4": "broadcast",
  "-5": "ip-version",
  "-6": "next-header",
  "-7": "not-solicitation",
  "-8": "not-emulated",
  "-9": "own-address",
  "-10": "reserved-owner",
} as const;

/** What `respond` returns for invalid solicitations, as in assembly/reason.ts. */
export const INVALID_REASONS = {
  "-17": "ethernet-source",
  "-18": "hop-limit",
  "-19": "payload-length",
  "-20": "source",
  "-21": "source-is-target",
  "-22": "destination",
  "-23": "code",
  "-24": "checksum",
  "-25": "option-length",
  "-26": "unspecified-with-link-layer",
  "-27": "link-layer-length",
} as const;

// Where things lie in the module's one page of memory. The frame starts two bytes off a multiple of
// four, which puts its IPv6 header and everything behind it on one.
const PAGE = 0x10000;
const RECORD = 0;
const INPUT = 16;
const OUTPUT = 32;
const FRAME = 18;

/**
 * What a build of the core exports, for programs that call it themselves. Every argument but a length is an address in `memory`.
 * A build may lack some of the functions; the page of the core says which.
 *
 * @example
 * const { instance } = await WebAssembly.instantiate(bytes);
 * const core = instance.exports as unknown as CoreExports;
 * core.mac(0, 32); // the record at 0; six bytes at 32
 */
export interface CoreExports {
  /** One page, 64 KiB, which never grows. */
  readonly memory: Memory;
  /** Judges the frame under the record: 86 where the reply has replaced it, else the reason, 0 or below. */
  readonly respond: (config: number, frame: number, length: number) => number;
  /** Writes the 6PLANE address of the record's node, 16 bytes. */
  readonly sixplane: (config: number, out: number) => void;
  /** Writes the RFC 4193 address of the record's node, 16 bytes. */
  readonly rfc4193: (config: number, out: number) => void;
  /** Writes the MAC of the record's node, 6 bytes. */
  readonly mac: (config: number, out: number) => void;
  /** Writes the node that the address of 16 bytes embeds, 5 bytes. Returns the mode, 1 or 2; 0 for no owner. */
  readonly owner: (config: number, address: number, out: number) => number;
  /** Writes the node that has the MAC of 6 bytes, 5 bytes. Returns 1; 0 for no owner. */
  readonly macOwner: (config: number, mac: number, out: number) => number;
}

/**
 * One instance of the core, with its own page of memory and one config record in it.
 *
 * @internal
 */
export class Core {
  readonly #module: WebAssembly.Module;
  readonly #exports: Partial<CoreExports>;
  readonly #bytes: Uint8Array;

  constructor(module: WebAssembly.Module, instance: WebAssembly.Instance) {
    this.#module = module;
    this.#exports = instance.exports as Partial<CoreExports>;
    const memory = this.#exports.memory;
    if (memory?.buffer?.byteLength !== PAGE || !(this.#exports.respond ?? this.#exports.mac)) {
      throw new InputError("core must be a build of sixplane's, got another WebAssembly module");
    }
    this.#bytes = new Uint8Array(memory.buffer); // never detached: the module cannot grow its memory
  }

  /** A further instance of the same build. */
  another(): Core {
    return instantiated(this.#module);
  }

  /** Writes the config record: 8 bytes of network ID, 5 of node address, bits of `MODE_BITS`. */
  configure(network: Uint8Array, node: Uint8Array, modes: number): void {
    this.#bytes.set(network, RECORD);
    this.#bytes.set(node, RECORD + 8);
    this.#bytes[RECORD + 13] = modes;
  }

  /** The configured node's 6PLANE address, 16 bytes. */
  sixplane(): Uint8Array {
    this.#need("sixplane")(RECORD, OUTPUT);
    return this.#output(16);
  }

  /** The configured node's RFC 4193 address, 16 bytes. */
  rfc4193(): Uint8Array {
    this.#need("rfc4193")(RECORD, OUTPUT);
    return this.#output(16);
  }

  /** The configured node's MAC, 6 bytes. */
  mac(): Uint8Array {
    this.#need("mac")(RECORD, OUTPUT);
    return this.#output(6);
  }

  /** The node, 5 bytes, whose address the 16 bytes embed in a configured mode. */
  ownerOfAddress(address: Uint8Array): { node: Uint8Array; mode: Mode } | undefined {
    this.#bytes.set(address, INPUT);
    const mode = this.#need("owner")(RECORD, INPUT, OUTPUT);
    if (mode === 0) return undefined;
    return { node: this.#output(5), mode: mode === MODE_BITS["6plane"] ? "6plane" : "rfc4193" };
  }

  /** The node, 5 bytes, that has the MAC, 6 bytes, on the configured network. */
  ownerOfMac(mac: Uint8Array): Uint8Array | undefined {
    this.#bytes.set(mac, INPUT);
    return this.#need("macOwner")(RECORD, INPUT, OUTPUT) === 0 ? undefined : this.#output(5);
  }

  /** The memory for a frame, 65,518 bytes. */
  get frame(): Uint8Array {
    return this.#bytes.subarray(FRAME);
  }

  /** The core's `respond` over the configured record and the frame's memory, by frame length. */
  get respond(): (length: number) => number {
    const respond = this.#need("respond");
    return (length) => respond(RECORD, FRAME, length);
  }

  #need<Name extends Exclude<keyof CoreExports, "memory">>(name: Name): CoreExports[Name] {
    const found = this.#exports[name];
    if (!found) throw new MissingFunctionError(name);
    return found as CoreExports[Name];
  }

  #output(length: number): Uint8Array {
    return this.#bytes.slice(OUTPUT, OUTPUT + length);
  }
}

let loaded: Core | undefined;

/**
 * Loads the core. Once is enough for a process or page; a further call without a source does
 * nothing, one with a source replaces the core for objects made from then on.
 *
 * @param source a build of the core: bytes, a compiled module, or a response with it; by default
 *   the full build, which is embedded
 * @throws InputError where the source is none of these, a response that failed, or a WebAssembly module, but
 *   none of ours
 * @throws CompilationRefusedError where the runtime compiles no WebAssembly, or none of bytes
 * @throws WebAssembly.CompileError where it is no WebAssembly
 * @example
 * await init();
 * await init(fetch("/responder.wasm"));
 */
export async function init(source?: CoreSource | FetchResponse | PromiseLike<FetchResponse>): Promise<void> {
  if (loaded && source === undefined) return;
  const given = checked(await source) ?? embedded();
  load(isResponse(given) ? await bodyOf(given) : given);
}

/**
 * Loads the core like `init`, but at once.
 *
 * @param source a build of the core: bytes, or a compiled module; by default the full build, which is embedded
 * @throws InputError where the source is neither, or a WebAssembly module, but none of ours
 * @throws CompilationRefusedError where the runtime compiles no WebAssembly, or none of bytes
 * @throws WebAssembly.CompileError where it is no WebAssembly
 * @example
 * initSync();
 * initSync(new WebAssembly.Module(bytes));
 */
export function initSync(source?: CoreSource): void {
  if (loaded && source === undefined) return;
  load(checked(source) ?? embedded());
}

/**
 * The loaded core.
 *
 * @internal
 * @throws NotInitializedError before `init` or `initSync`
 */
export function core(): Core {
  if (!loaded) throw new NotInitializedError();
  return loaded;
}

/** The source, where it is of a kind that can be loaded; whether it is ours shows when it is. */
function checked(source: unknown): BufferSource | undefined {
  const isBytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  if (source === undefined || isBytes || isResponse(source) || source instanceof WebAssembly.Module) {
    return source as BufferSource | undefined; // the loader tells them apart
  }
  throw mismatch("core", "bytes, a compiled module or a response", source);
}

function isResponse(source: unknown): source is Response {
  return typeof Response !== "undefined" && source instanceof Response;
}

async function bodyOf(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) throw new InputError(`core must be found, got status ${response.status}`);
  return response.arrayBuffer();
}

/** The full build: as base64, or as the module that a runtime made of it. */
function embedded(): BufferSource | WebAssembly.Module {
  if (typeof build !== "string") return build;
  return Uint8Array.from(atob(build), (character) => character.charCodeAt(0));
}

function load(source: BufferSource | WebAssembly.Module): void {
  // V8 compiles no DataView.
  const core = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : source;
  try {
    loaded = instantiated(core);
  } catch (error) {
    throw isRefusal(error, core) ? new CompilationRefusedError(error) : error;
  }
}

/** Compiled at once, which every browser does with so small a module on a page's main thread, too. */
function instantiated(source: BufferSource | WebAssembly.Module): Core {
  const { module, instance } = instantiateSync(source);
  return new Core(module, instance);
}

/** Whether what could not be compiled is WebAssembly: to validate it is allowed everywhere. */
function isRefusal(error: unknown, source: BufferSource | WebAssembly.Module): boolean {
  const isCompilation = error instanceof WebAssembly.CompileError || error instanceof EvalError;
  return isCompilation && !(source instanceof WebAssembly.Module) && WebAssembly.validate(source);
}
