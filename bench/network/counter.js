// Counts the Neighbor Solicitations that come in on an interface, in the kernel: a filter of packet(7) lets them
// through alone, and the socket's statistics have their number, whether there is room to keep them or not.
import { addressOf, getSocketOption, setSocketOption } from "./libc.js";

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOL_PACKET = 263;
const PACKET_STATISTICS = 6;

// Instructions of linux/bpf_common.h, and where a filter finds whether a frame goes out or comes in.
const LOAD_BYTE = 0x30;
const LOAD_HALF = 0x28;
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const PACKET_TYPE = 0xfffff004;
const PACKET_OUTGOING = 4;

/** @type {[code: number, ifTrue: number, ifFalse: number, value: number][]} */
const SOLICITATIONS_COMING_IN = [
  [LOAD_WORD, 0, 0, PACKET_TYPE],
  [JUMP_IF_EQUAL, 7, 0, PACKET_OUTGOING],
  [LOAD_HALF, 0, 0, 12],
  [JUMP_IF_EQUAL, 0, 5, 0x86dd], // IPv6
  [LOAD_BYTE, 0, 0, 20],
  [JUMP_IF_EQUAL, 0, 3, 58], // ICMPv6
  [LOAD_BYTE, 0, 0, 54],
  [JUMP_IF_EQUAL, 0, 1, 135], // Neighbor Solicitation, RFC 4861 §4.3
  [RETURN, 0, 0, 1], // byte that is kept
  [RETURN, 0, 0, 0],
];

/** The solicitations that come in on an interface. */
export class Counter {
  #file;

  /** @param {number} file a socket of packet(7) on the interface */
  constructor(file) {
    this.#file = file;
    attach(file);
  }

  /** How many there were since it was asked last. */
  take() {
    // struct tpacket_stats: all frames (4), and how many of them there was no room for (4)
    const statistics = new Uint8Array(8);
    getSocketOption(this.#file, SOL_PACKET, PACKET_STATISTICS, statistics);
    return new DataView(statistics.buffer).getUint32(0, true);
  }
}

/** @param {number} file */
function attach(file) {
  // struct sock_filter: the code (2), how many instructions to skip if it is so (1) and if not (1), the value (4)
  const filter = new Uint8Array(8 * SOLICITATIONS_COMING_IN.length);
  const fields = new DataView(filter.buffer);
  for (const [index, [code, ifTrue, ifFalse, value]] of SOLICITATIONS_COMING_IN.entries()) {
    fields.setUint16(8 * index, code, true);
    fields.setUint8(8 * index + 2, ifTrue);
    fields.setUint8(8 * index + 3, ifFalse);
    fields.setUint32(8 * index + 4, value, true);
  }
  // struct sock_fprog: how many (2), and after padding where they are (8)
  const program = new Uint8Array(16);
  new DataView(program.buffer).setUint16(0, SOLICITATIONS_COMING_IN.length, true);
  new DataView(program.buffer).setBigUint64(8, BigInt(addressOf(filter)), true);
  setSocketOption(file, SOL_SOCKET, SO_ATTACH_FILTER, program);
}
