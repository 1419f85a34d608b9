// The core's ABI: the layout of its memory and the meaning of its numbers. Only this file knows them.

import { instantiateSync } from "@assemblyscript/loader";
import build from "../../dist/sixplane.wasm";
import { CompilationRefusedError, InputError, MissingFunctionError, mismatch } from "./errors.ts";

/**
 * A way to embed a node in an IPv6 address (upstream: ZeroTier's two managed address modes). In `6plane`, each
 * node has a /80 in the network's /40. In `rfc4193`, each node has one address, a /128, in the network's /88.
 *
 * @example
 * const mode: Mode = "6plane";
 */
export type Mode = "6plane" | "rfc4193";

// Types that exist only if the user's TypeScript libraries declare them. Otherwise they are `never`.
type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Type } } }
  ? Type
  : never;
type Memory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer Type } } } ? Type : never;
type FetchResponse = typeof globalThis extends { Response: { prototype: infer Type } } ? Type : never;

/**
 * A build of the core, as bytes or as a compiled module. The package has all builds: `sixplane/wasm/sixplane.wasm`
 * and so on.
 *
 * @example
 * const source: CoreSource = readFileSync(new URL(import.meta.resolve("sixplane/wasm/responder.wasm")));
 */
export type CoreSource = ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Bits of the record's modes byte; the first two are also what `owner` returns. The last two are for `permits`.
 *
 * @internal
 */
export const MODE_BITS = { "6plane": 1, rfc4193: 2, probes: 4, ownSources: 8, routers: 16 } as const;

/**
 * The bytes of an advertisement, and of the memory that a frame needs at least.
 *
 * @internal
 */
export const REPLY_LENGTH = 86;

/** What `respond` returns for frames to pass on, -1 and down, as in assembly/reason.ts. */
export const PASS_REASONS = [
  "not-ipv6",
  "too-short",
  "unicast-probe",
  "broadcast",
  "ip-version",
  "next-header",
  "not-solicitation",
  "not-emulated",
  "own-address",
  "reserved-owner",
] as const;

/** What `respond` returns for invalid solicitations, -17 and down, as in assembly/reason.ts. */
export const INVALID_REASONS = [
  "ethernet-source",
  "hop-limit",
  "payload-length",
  "source",
  "source-is-target",
  "destination",
  "code",
  "checksum",
  "option-length",
  "unspecified-with-link-layer",
  "link-layer-length",
] as const;

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
  /**
   * Writes the MAC of another node, 6 bytes, that the address of 16 bytes embeds. Returns the mode, 1 or 2; 0 for no such
   * node, or a reserved one.
   */
  readonly neighbour: (config: number, address: number, out: number) => number;
  /**
   * Whether the record's node may have sent the frame: 0 for no; 1 where its headers permit it; 2 for a permitted
   * message of Neighbor Discovery, all of which was looked at.
   */
  readonly permits: (config: number, frame: number, length: number) => number;
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
    const { respond, neighbour, permits } = this.#exports;
    if (memory?.buffer?.byteLength !== PAGE || !(respond ?? neighbour ?? permits)) {
      throw new InputError("core must be a build of sixplane's, got another WebAssembly module");
    }
    this.#bytes = new Uint8Array(memory.buffer); // never detached: the module cannot grow its memory
  }

  /** Makes another instance of the same build. */
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

  /** The node (5 bytes) embedded in an IPv6 address (16 bytes), in a configured mode. */
  ownerOfAddress(address: Uint8Array): { node: Uint8Array; mode: Mode } | undefined {
    const mode = this.#ask("owner", address);
    if (mode === 0) return undefined;
    return { node: this.#output(5), mode: mode === MODE_BITS["6plane"] ? "6plane" : "rfc4193" };
  }

  /** The node (5 bytes) that has this MAC (6 bytes) on the configured network. */
  ownerOfMac(mac: Uint8Array): Uint8Array | undefined {
    return this.#ask("macOwner", mac) ? this.#output(5) : undefined;
  }

  /** The MAC (6 bytes) of the node, another than the configured one, that an IPv6 address (16 bytes) embeds. */
  neighbour(address: Uint8Array): Uint8Array | undefined {
    return this.#ask("neighbour", address) ? this.#output(6) : undefined;
  }

  /** Whether the configured node may have sent the frame, of which as much is looked at as `frame` holds. */
  permits(frame: Uint8Array): boolean {
    const seen = frame.subarray(0, PAGE - FRAME);
    this.#bytes.set(seen, FRAME);
    return this.#need("permits")(RECORD, FRAME, seen.length) > 0;
  }

  /** The memory for a frame, 65,518 bytes. */
  get frame(): Uint8Array {
    return this.#bytes.subarray(FRAME);
  }

  /** Calls the core's `respond` with the configured record and the frame in `frame`; takes the frame's length. */
  get respond(): (length: number) => number {
    const respond = this.#need("respond");
    return (length) => respond(RECORD, FRAME, length);
  }

  /** What a function says of some bytes; what it writes is then in the output. */
  #ask(name: "owner" | "macOwner" | "neighbour", bytes: Uint8Array): number {
    this.#bytes.set(bytes, INPUT);
    return this.#need(name)(RECORD, INPUT, OUTPUT);
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

const NO_WEBASSEMBLY = "this runtime has none (iOS Lockdown Mode, node --jitless)";
const BYTES_REFUSED =
  "let script-src of the Content-Security-Policy have 'wasm-unsafe-eval', or load a compiled module";

/**
 * Loads the core before its first use. Without it, the first `Network` loads the full build, which is embedded.
 * So it is for other builds, and for hosts that compile WebAssembly elsewhere. A second call without a source does
 * nothing. A call with a source replaces the core for objects that are made later.
 *
 * @param source a build of the core: bytes, a compiled module, or a response with it; by default
 *   the full build, which is embedded
 * @throws InputError for anything else, for a failed response, and for a WebAssembly module that is not a build
 *   of the core
 * @throws CompilationRefusedError if the runtime refuses to compile WebAssembly, or to compile it from bytes
 * @throws WebAssembly.CompileError if the bytes are not WebAssembly
 * @example
 * await init(fetch("/responder.wasm"));
 */
export async function init(source?: CoreSource | FetchResponse | PromiseLike<FetchResponse>): Promise<void> {
  if (loaded && source === undefined) return;
  const given = checked(await source) ?? embedded();
  load(isResponse(given) ? await bodyOf(given) : given);
}

/**
 * Loads the core like `init`, but synchronously.
 *
 * @param source a build of the core: bytes, or a compiled module; by default the full build, which is embedded
 * @throws InputError for anything else, and for a WebAssembly module that is not a build of the core
 * @throws CompilationRefusedError if the runtime refuses to compile WebAssembly, or to compile it from bytes
 * @throws WebAssembly.CompileError if the bytes are not WebAssembly
 * @example
 * initSync(new WebAssembly.Module(bytes));
 */
export function initSync(source?: CoreSource): void {
  if (loaded && source === undefined) return;
  load(checked(source) ?? embedded());
}

/**
 * The loaded core: on first use the embedded one.
 *
 * @internal
 * @throws CompilationRefusedError if the runtime refuses to compile it
 */
export function core(): Core {
  if (!loaded) initSync();
  return loaded as Core;
}

/** Checks that there is WebAssembly, and the source's type. Whether it is a build is checked when it is loaded. */
function checked(source: unknown): BufferSource | undefined {
  // First of all: a Node without WebAssembly crashes where `Response` is named, because its HTTP parser is WebAssembly.
  if (typeof WebAssembly === "undefined") throw new CompilationRefusedError(NO_WEBASSEMBLY);
  const isBytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  if (source === undefined || isBytes || isResponse(source) || isModule(source)) {
    return source as BufferSource | undefined; // the loader tells them apart
  }
  throw mismatch("core", "bytes, a compiled module or a response", source);
}

function isModule(source: unknown): source is WebAssembly.Module {
  return source instanceof WebAssembly.Module;
}

function isResponse(source: unknown): source is Response {
  return typeof Response !== "undefined" && source instanceof Response;
}

async function bodyOf(response: Response): Promise<ArrayBuffer> {
  if (!response.ok) throw new InputError(`core must be found, got status ${response.status}`);
  return response.arrayBuffer();
}

/** The embedded full build: base64 in the bundle, or a compiled module where the runtime imports one. */
function embedded(): BufferSource | WebAssembly.Module {
  if (typeof build !== "string") return build;
  return Uint8Array.from(atob(build), (character) => character.charCodeAt(0));
}

function load(source: BufferSource | WebAssembly.Module): void {
  // V8 does not compile from a DataView.
  const core = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : source;
  try {
    loaded = instantiated(core);
  } catch (error) {
    throw isRefusal(error, core) ? new CompilationRefusedError(BYTES_REFUSED, error) : error;
  }
}

/** Compiles synchronously. Browsers allow this on the main thread for a module this small. */
function instantiated(source: BufferSource | WebAssembly.Module): Core {
  const { module, instance } = instantiateSync(source);
  return new Core(module, instance);
}

/** Whether the runtime refused to compile valid WebAssembly. Validation is allowed even where compilation is not. */
function isRefusal(error: unknown, source: BufferSource | WebAssembly.Module): boolean {
  const isCompilation = error instanceof WebAssembly.CompileError || error instanceof EvalError;
  return isCompilation && !isModule(source) && WebAssembly.validate(source);
}
