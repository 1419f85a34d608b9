// Calls of the core as firmware makes them: numbers and bytes in memory, nothing in between.
import {
  type CoreExports,
  formatAddress,
  formatMac,
  type Host,
  type Network,
  parseAddress,
  parseMac,
} from "sixplane";
import { solicitation } from "../wire/solicitation.ts";

/** Where things are put in memory: the config record at 0, then what goes in, and what comes out. */
const RECORD = 0;
const INPUT = 32;
const OUTPUT = 64;
const FRAME = 96;

const BOTH_MODES = 3;

/** Another node, who is asked for. */
const OTHER = "deadbeef01";

export interface Call {
  /** What is called, as text. */
  text: string;
  /** What it does. */
  does: string;
  /** Calls it; gives what it returned. */
  run(core: CoreExports): number | undefined;
  /** What it left in memory, and what that is in words. */
  start: number;
  length: number;
  reads(bytes: Uint8Array, returned: number | undefined): string;
}

/** Writes the 16 bytes that every call starts from: network ID, node address, modes. */
export function configure(core: CoreExports, host: Host, network: Network): void {
  const bytes = new Uint8Array(core.memory.buffer);
  const rfc4193 = parseAddress(host.rfc4193.address);
  bytes.set(rfc4193.subarray(1, 9), RECORD);
  bytes.set(rfc4193.subarray(11, 16), RECORD + 8);
  bytes.set([BOTH_MODES, 0, 0], RECORD + 13);
  bytes.set(parseAddress(network.host(OTHER).sixplane.address), INPUT);
}

export function calls(host: Host, network: Network): Call[] {
  const other = network.host(OTHER);
  const question = solicitation(host, other.sixplane.address);
  const put = (core: CoreExports, at: number, bytes: Uint8Array) =>
    new Uint8Array(core.memory.buffer).set(bytes, at);
  const nodeText = (bytes: Uint8Array) =>
    Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    {
      text: `sixplane(${RECORD}, ${OUTPUT})`,
      does: "The node's 6PLANE address",
      run: (core) => void core.sixplane(RECORD, OUTPUT),
      ...{ start: OUTPUT, length: 16, reads: formatAddress },
    },
    {
      text: `rfc4193(${RECORD}, ${OUTPUT})`,
      does: "The node's RFC 4193 address",
      run: (core) => void core.rfc4193(RECORD, OUTPUT),
      ...{ start: OUTPUT, length: 16, reads: formatAddress },
    },
    {
      text: `mac(${RECORD}, ${OUTPUT})`,
      does: "The node's MAC",
      run: (core) => void core.mac(RECORD, OUTPUT),
      ...{ start: OUTPUT, length: 6, reads: formatMac },
    },
    {
      text: `owner(${RECORD}, ${INPUT}, ${OUTPUT})`,
      does: `The owner of ${other.sixplane.address}`,
      run(core) {
        put(core, INPUT, parseAddress(other.sixplane.address));
        return core.owner(RECORD, INPUT, OUTPUT);
      },
      ...{ start: OUTPUT, length: 5, reads: nodeText },
    },
    {
      text: `macOwner(${RECORD}, ${INPUT}, ${OUTPUT})`,
      does: `The owner of ${other.mac}`,
      run(core) {
        put(core, INPUT, parseMac(other.mac));
        return core.macOwner(RECORD, INPUT, OUTPUT);
      },
      ...{ start: OUTPUT, length: 5, reads: nodeText },
    },
    {
      text: `respond(${RECORD}, ${FRAME}, ${question.length})`,
      does: `The answer to who has ${other.sixplane.address}`,
      run(core) {
        put(core, FRAME, question);
        return core.respond(RECORD, FRAME, question.length);
      },
      start: FRAME,
      length: 86,
      reads: (bytes, returned) =>
        returned === 86
          ? `an advertisement: at ${formatMac(bytes.subarray(80, 86))}`
          : "passed on: the frame as it was",
    },
  ];
}
