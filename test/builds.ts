// Every build of the core as its host sees it: a page of memory and functions over it.
import { readFileSync } from "node:fs";
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
  bytes: Uint8Array<ArrayBuffer>;
  module: WebAssembly.Module;
}

export const BUILDS: Build[] = [build("sixplane", true), build("responder", false)];

function build(name: string, reasons: boolean): Build {
  const bytes = new Uint8Array(readFileSync(new URL(import.meta.resolve(`sixplane/wasm/${name}.wasm`))));
  return { name, reasons, bytes, module: new WebAssembly.Module(bytes) };
}

export interface Exports {
  memory: WebAssembly.Memory;
  respond(config: number, frame: number, length: number): number;
  sixplane(config: number, out: number): void;
  rfc4193(config: number, out: number): void;
  mac(config: number, out: number): void;
  owner(config: number, address: number, out: number): number;
  macOwner(config: number, mac: number, out: number): number;
}

/** One instance of a build with memory filled with a guard byte, which only its owner may change. */
export class Host {
  static readonly GUARD = 0xa5;
  readonly exports: Exports;
  readonly bytes: Uint8Array;

  constructor(build: Build) {
    this.exports = new WebAssembly.Instance(build.module).exports as unknown as Exports;
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
    return this.bytes.every((byte) => byte === Host.GUARD);
  }
}

/** A config record as hex; modes as bits: 1 6PLANE, 2 RFC 4193, 4 probes. */
export function record(network: string, node: string, modes = 3): string {
  return `${network}${node}${modes.toString(16).padStart(2, "0")}0000`;
}
