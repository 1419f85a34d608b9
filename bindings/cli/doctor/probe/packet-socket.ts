// A packet socket, packet(7): frames out of an interface and what comes in there, beside the kernel's own IPv6. Nothing of the
// host changes, so a frame may come from an address that no interface has.

import { setTimeout as delay } from "node:timers/promises";
import { SixplaneError } from "sixplane";
import { Unseen } from "../state.ts";
import { type Ends, echoRequest, type Outcome, outcomeIn } from "./echo.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_IPV6 = 0x86dd;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const MOST_BYTES = 65_536;

/** How often the request goes out: the first may be lost while ZeroTier looks for the way, and a far host takes three seconds to find that nobody has an address. */
const TRIES = 4;
const TRY_MILLISECONDS = 1000;
const LOOK_MILLISECONDS = 10;

/**
 * Sends an echo request out of an interface, each second, four times at most, and says what answers.
 *
 * @param index the interface's
 * @throws Unseen where this user may not, or where there is no way to call the C library
 */
export async function sendEcho(index: number, ends: Ends): Promise<Outcome> {
  const libc = await openLibc();
  const socket = openSocket(libc, index);
  const room = new Uint8Array(MOST_BYTES);
  const address = libc.addressOf(room);
  const request = echoRequest(ends, Math.floor(Math.random() * 2 ** 32));
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      libc.writeBytes(socket, request, request.length);
      for (const end = Date.now() + TRY_MILLISECONDS; Date.now() < end; await delay(LOOK_MILLISECONDS)) {
        for (let length = 1; length > 0; ) {
          length = libc.read(socket, address, MOST_BYTES);
          const outcome = length > 0 ? outcomeIn(room.subarray(0, length), request) : undefined;
          if (outcome) return outcome;
        }
      }
    }
    return { kind: "silence" };
  } finally {
    libc.close(socket);
  }
}

type Libc = Awaited<ReturnType<typeof openLibc>>;

async function openLibc() {
  const { loadLibc } = await import("sixplane/tap"); // late, as other checks need no C library
  try {
    return await loadLibc();
  } catch (error) {
    if (error instanceof SixplaneError) throw new Unseen(error.message);
    throw error;
  }
}

/** A socket that gets the interface's ICMPv6, and only that: a busy network would fill its buffer. */
function openSocket(libc: Libc, index: number): number {
  const socket = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) throw new Unseen("sending from an address that this host does not have takes root");
  const filter = icmpv6Filter(libc);
  const address = linkAddress(index);
  const isReady =
    libc.setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, filter.bytes, filter.bytes.length) === 0 &&
    libc.bind(socket, address, address.length) === 0;
  if (isReady) return socket;
  libc.close(socket);
  throw new Unseen("the interface cannot be listened to by a packet socket");
}

/** struct sockaddr_ll, packet(7): family (2), protocol (2, big-endian), index (4), and 12 bytes for other uses. */
function linkAddress(index: number): Uint8Array {
  const bytes = new Uint8Array(20);
  new Uint16Array(bytes.buffer)[0] = AF_PACKET;
  new DataView(bytes.buffer).setUint16(2, ETH_P_IPV6);
  new Int32Array(bytes.buffer)[1] = index;
  return bytes;
}

/** A program that takes the frames with next header 58 at offset 20, and its struct sock_fprog, socket(7). */
function icmpv6Filter(libc: Libc): { bytes: Uint8Array; program: Uint8Array } {
  const [LOAD_BYTE, JUMP_IF_EQUAL, RETURN] = [0x30, 0x15, 0x06];
  const instructions: [code: number, ifTrue: number, ifFalse: number, value: number][] = [
    [LOAD_BYTE, 0, 0, 20],
    [JUMP_IF_EQUAL, 0, 1, 58],
    [RETURN, 0, 0, MOST_BYTES],
    [RETURN, 0, 0, 0],
  ];
  const program = new Uint8Array(instructions.length * 8);
  instructions.forEach(([code, ifTrue, ifFalse, value], n) => {
    program.set([ifTrue, ifFalse], n * 8 + 2);
    new Uint16Array(program.buffer)[n * 4] = code;
    new Uint32Array(program.buffer)[n * 2 + 1] = value;
  });
  const bytes = new Uint8Array(16);
  new Uint16Array(bytes.buffer)[0] = instructions.length;
  new BigUint64Array(bytes.buffer)[1] = BigInt(libc.addressOf(program));
  return { bytes, program };
}
