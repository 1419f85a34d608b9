// What the check of neighbour claims adds to the check of a frame's source.
import { Core, MODE_BITS } from "../../bindings/sixplane/core.ts";
import { holds, isUnspecified, permitsAddress } from "../../bindings/sixplane/own-address.ts";
import { permitsSource } from "../../bindings/sixplane/sender.ts";
import { type Claim, withClaims, withoutClaims } from "./claims.ts";
import { bytesOf, FRAME_LENGTH, FRAMES, NETWORK, NODE, passed, SLOT, solicitations } from "./frames.ts";
import type { Lap } from "./laps.ts";

const MODES = MODE_BITS["6plane"] | MODE_BITS.rfc4193;
const TYPE = 54;
const TARGET = 62;
const OPTION = 78;

/** What a peer sends, by what it is: the first two make no claim. */
const KINDS: Record<Claim, () => Uint8Array[]> = {
  TCP: () => singly(passed("TCP over an emulated address")),
  "echo request": () => changed((frame) => frame.fill(128, TYPE, TYPE + 1)),
  advertisement: () =>
    changed((frame) => {
      frame[TYPE] = 136;
      frame.copyWithin(TARGET, 22, 38);
      frame[OPTION] = 2;
    }),
  solicitation: () => singly(solicitations()),
};

/** Both checks of each kind, by name. */
export function claimLaps(module: WebAssembly.Module): Record<string, Lap> {
  const core = new Core(module, new WebAssembly.Instance(module));
  const node = bytesOf(NODE);
  core.configure(bytesOf(NETWORK), node, MODES);
  return Object.fromEntries(
    Object.entries(KINDS).flatMap(([kind, make]) => {
      const frames = make();
      return [
        [withClaims(kind), judging(frames, (frame) => permitsSource(core, node, frame))],
        [withoutClaims(kind), judging(frames, (frame) => permitsSourceAlone(core, node, frame))],
      ];
    }),
  );
}

/** `permitsSource` without its last step, for frames without VLAN tags that are IPv6. */
function permitsSourceAlone(core: Core, node: Uint8Array, frame: Uint8Array): boolean {
  const sender = { node, mac: core.mac(), foreign: true, routers: false };
  if (frame.length < 54 || !holds(frame, 6, sender.mac)) return false;
  if (!holds(frame, 12, [0x86, 0xdd]) || (frame[14] ?? 0) >> 4 !== 6) return false;
  const source = frame.subarray(22, 38);
  return isUnspecified(source, 0) || permitsAddress(core, sender, source);
}

function judging(frames: Uint8Array[], permits: (frame: Uint8Array) => boolean): Lap {
  return {
    times: FRAMES,
    run() {
      let permitted = 0;
      for (const frame of frames) if (permits(frame)) permitted++;
      if (permitted !== FRAMES) throw new Error(`${permitted} of ${FRAMES} frames were permitted`);
    },
  };
}

function changed(change: (frame: Uint8Array) => void): Uint8Array[] {
  const frames = singly(solicitations());
  for (const frame of frames) change(frame);
  return frames;
}

function singly(frames: Uint8Array): Uint8Array[] {
  return Array.from({ length: FRAMES }, (_, i) => frames.slice(i * SLOT, i * SLOT + FRAME_LENGTH));
}
