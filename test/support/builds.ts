// Every build of the core as its host sees it: a page of memory and functions over it.
import type { CoreExports } from "sixplane";
import { compiled, readBytes, readText } from "./files.ts";
import { hex, toHex } from "./frames.ts";

export interface Judged {
  /** What `respond` returned. */
  code: number;
  /** The reply, or the frame where there is none. */
  frame: Uint8Array;
}

export interface Build {
  name: string;
  /** Whether each rule has a reason of its own. */
  reasons: boolean;
  /** Whether it checks every rule, or only those that the ZeroTier core checks, too. */
  rules: boolean;
  /** The modes that it knows, as bits: 1 6PLANE, 2 RFC 4193. */
  modes: number;
  bytes: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module;
}

const { targets }: { targets: Record<string, { use: string[] }> } = JSON.parse(readText("asconfig.json"));

/** All builds, the one with everything first. */
export const BUILDS: Build[] = Object.entries(targets).map(([name, { use }]) => build(name, use));

const exporting = (name: string) =>
  BUILDS.filter(({ module }) => WebAssembly.Module.exports(module).some((one) => one.name === name));

export const RESPONDERS = exporting("respond");
export const DERIVERS = exporting("owner");
export const NEIGHBOURS = exporting("neighbour");
export const CHECKERS = exporting("permits");

function build(name: string, use: string[]): Build {
  const constant = (name: string) => Number(use.find((one) => one.startsWith(`${name}=`))?.split("=")[1]);
  return {
    name,
    reasons: constant("REASONS") === 1,
    rules: constant("RULES") === 1,
    modes: constant("MODES"),
    bytes: readBytes(`dist/${name}.wasm`),
    module: compiled(name),
  };
}

/** Whether the build has the mode to which the address, as hex, belongs by its first byte. */
export function knows(build: Build, target: string): boolean {
  return !(
    (target.startsWith("fc") && !(build.modes & 1)) ||
    (target.startsWith("fd") && !(build.modes & 2))
  );
}

/**
 * What a build returns where the full one refuses a frame: the reason, or that there is one; or the
 * advertisement's length, where it does not check the rule. That one, `tiny`, leaves out the IP
 * version and all that can be invalid, and never answers probes.
 */
export function refusal(build: Build, reason: number): number {
  if (build.reasons) return reason;
  if (!build.rules && (reason === IP_VERSION || reason <= INVALID)) return 86;
  return reason <= INVALID ? INVALID : 0;
}

const IP_VERSION = -5;
const INVALID = -16;

/** One instance of a build with memory filled with a guard byte, which only its owner may change. */
export class Host {
  static readonly GUARD = 0xa5;
  readonly exports: CoreExports;
  readonly bytes: Uint8Array;

  constructor({ module }: Pick<Build, "module">, imports: WebAssembly.Imports = {}) {
    this.exports = new WebAssembly.Instance(module, imports).exports as unknown as CoreExports;
    this.bytes = new Uint8Array(this.exports.memory.buffer).fill(Host.GUARD);
  }

  /**
   * Puts record and frame at any two places, runs `respond`, and checks on the way that nothing
   * changed beside the reply. Takes its bytes back out of memory again.
   */
  judge(record: string, frame: Uint8Array, at = { config: 256, frame: 1024 }): Judged {
    const room = Math.max(frame.length, 86);
    this.bytes.set(hex(record), at.config);
    this.bytes.set(frame, at.frame);
    const code = this.exports.respond(at.config, at.frame, frame.length);
    const after = this.bytes.slice(at.frame, at.frame + room);
    if (toHex(this.bytes.subarray(at.config, at.config + 16)) !== record)
      throw new Error("the record changed");
    this.bytes.fill(Host.GUARD, at.config, at.config + 16);
    this.bytes.fill(Host.GUARD, at.frame, at.frame + room);
    return { code, frame: code > 0 ? after.subarray(0, code) : after.subarray(0, frame.length) };
  }

  /** Whether every byte of memory holds what it held before the first frame. */
  untouched(): boolean {
    for (const byte of this.bytes) if (byte !== Host.GUARD) return false;
    return true;
  }
}

/** A config record as hex; modes as bits: 1 6PLANE, 2 RFC 4193, 4 probes. */
export function record(network: string, node: string, modes = 3): string {
  return `${network}${node}${modes.toString(16).padStart(2, "0")}0000`;
}
