// What is asked: solicitations and addresses of as many different nodes.
import { configRecord, FRAME_LENGTH, SLOT, solicitations } from "../speed/frames.ts";
import type { Build } from "./engines.ts";

/** As many as are asked in one lap. */
export const SLOTS = 64;
const TARGET = 62;
const ADDRESS_BYTES = 16;

export const RECORD = configRecord();

/** What lies in each slot: a solicitation, or where `neighbour` is called, an address. */
export function questions(build: Build): Uint8Array {
  const frames = solicitations().subarray(0, SLOTS * SLOT);
  if (build !== "neighbour") return frames;
  const addresses = new Uint8Array(frames.length);
  for (let at = 0; at < frames.length; at += SLOT)
    addresses.set(frames.subarray(at + TARGET, at + TARGET + ADDRESS_BYTES), at);
  return addresses;
}

/** The first of them. */
export function question(build: Build): Uint8Array {
  return questions(build).subarray(0, build === "neighbour" ? ADDRESS_BYTES : FRAME_LENGTH);
}
