import { type ByteStream, view } from "./bytes.ts";
import { type CapturedFrame, CaptureError, LONGEST_FRAME, type Packet } from "./frame.ts";

//  pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each section in a byte order of its own
//
//   0      4        8       length - 4
//  ┌──────┬────────┬───────┬────────┐
//  │ type │ length │ body… │ length │
//  └──────┴────────┴───────┴────────┘

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const END_OF_OPTIONS = 0;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

/** The longest block that is taken as such, as in libpcap: a greater length is damage. */
const LONGEST_BLOCK = 16 * 1024 * 1024;

/** The most interfaces that a section may describe: as many as the obsolete packet block can tell apart. */
const MOST_INTERFACES = 65_536;

interface Section {
  littleEndian: boolean;
  interfaces: Interface[];
}

interface Interface {
  linkType: number;
  /** The most that is captured of a frame, 0 for all. */
  snapLength: number;
  /** How many units of a packet's time make a second. */
  resolution: bigint;
  /** Seconds to add to a packet's time. */
  timeOffset: bigint;
}

interface Block {
  type: number;
  /** Where the block starts in the file. */
  offset: number;
  /** The whole block, its type and both lengths included. */
  view: DataView;
}

/** Whether a file that starts with these four bytes is a pcapng. */
export function isPcapng(magic: Uint8Array): boolean {
  return view(magic).getUint32(0) === SECTION;
}

/** The packets of a pcapng, from its first block on. */
export async function* readPcapng(stream: ByteStream): AsyncGenerator<Packet> {
  let section: Section = { littleEndian: true, interfaces: [] };
  while (!(await stream.ended())) {
    const start = view(await stream.peek(12, "a block's header"));
    if (start.getUint32(0) === SECTION) section = startSection(start, stream.offset);
    const block = await takeBlock(stream, start, section.littleEndian);
    if (block.type === INTERFACE) addInterface(block, section);
    if (block.type === SECTION) checkVersion(block, section);
    const number = interfaceNumber(block, section);
    if (number === undefined) continue;
    const source = interfaceOf(block, section, number);
    const read = block.type === SIMPLE_PACKET ? readSimplePacket : readPacket;
    yield { linkType: source.linkType, packet: read(block, section, source) };
  }
}

function startSection(start: DataView, offset: number): Section {
  for (const littleEndian of [true, false]) {
    if (start.getUint32(8, littleEndian) === BYTE_ORDER_MAGIC) return { littleEndian, interfaces: [] };
  }
  throw new CaptureError("damaged: a section in no byte order", offset);
}

function checkVersion({ view, offset }: Block, { littleEndian }: Section): void {
  if (view.byteLength < 28) throw new CaptureError("damaged: a section block too short", offset);
  const major = view.getUint16(12, littleEndian);
  if (major !== 1) throw new CaptureError(`a section of version ${major}, not 1`, offset);
}

async function takeBlock(stream: ByteStream, start: DataView, littleEndian: boolean): Promise<Block> {
  const { offset } = stream;
  const type = start.getUint32(0, littleEndian);
  const length = start.getUint32(4, littleEndian);
  if (length < 12 || length % 4 || length > LONGEST_BLOCK) {
    throw new CaptureError(`damaged: a block of ${length} bytes`, offset);
  }
  const block = view(await stream.take(length, "a block"));
  const again = block.getUint32(length - 4, littleEndian);
  if (again !== length) {
    throw new CaptureError(`damaged: a block of ${length} bytes that ends as one of ${again}`, offset);
  }
  return { type, offset, view: block };
}

/** Keeps what the block says of an interface, which is all that is kept of a capture. */
function addInterface(block: Block, section: Section): void {
  const { interfaces } = section;
  if (interfaces.length === MOST_INTERFACES) {
    const message = `interface ${MOST_INTERFACES + 1} of a section, of which ${MOST_INTERFACES} are read`;
    throw new CaptureError(message, block.offset);
  }
  interfaces.push(readInterface(block, section));
}

function readInterface({ view, offset }: Block, { littleEndian }: Section): Interface {
  if (view.byteLength < 20) throw new CaptureError("damaged: an interface block too short", offset);
  const found: Interface = {
    linkType: view.getUint16(8, littleEndian),
    snapLength: view.getUint32(12, littleEndian),
    resolution: 1_000_000n,
    timeOffset: 0n,
  };
  for (let at = 16; at + 4 <= view.byteLength - 4; ) {
    const code = view.getUint16(at, littleEndian);
    if (code === END_OF_OPTIONS) break;
    const length = view.getUint16(at + 2, littleEndian);
    const value = at + 4;
    if (value + length > view.byteLength - 4) {
      throw new CaptureError("damaged: an interface option past its block's end", offset);
    }
    if (code === OPTION_TIME_RESOLUTION && length === 1) found.resolution = resolution(view.getUint8(value));
    if (code === OPTION_TIME_OFFSET && length === 8) found.timeOffset = view.getBigInt64(value, littleEndian);
    at = value + Math.ceil(length / 4) * 4;
  }
  return found;
}

/** if_tsresol: a negative power of 2 where the top bit is set, else of 10. */
function resolution(option: number): bigint {
  return option & 0x80 ? 1n << BigInt(option & 0x7f) : 10n ** BigInt(option);
}

/** The number of the interface that the block's packet came from; undefined where it has no packet. */
function interfaceNumber({ type, view, offset }: Block, { littleEndian }: Section): number | undefined {
  const shortest = { [SIMPLE_PACKET]: 16, [OBSOLETE_PACKET]: 32, [ENHANCED_PACKET]: 32 }[type];
  if (shortest === undefined) return undefined;
  if (view.byteLength < shortest) throw new CaptureError("damaged: a packet block too short", offset);
  if (type === SIMPLE_PACKET) return 0;
  return type === ENHANCED_PACKET ? view.getUint32(8, littleEndian) : view.getUint16(8, littleEndian);
}

function interfaceOf({ offset }: Block, { interfaces }: Section, number: number): Interface {
  const found = interfaces[number];
  if (found) return found;
  throw new CaptureError(`damaged: a packet of interface ${number}, which is not described`, offset);
}

function readPacket(block: Block, { littleEndian }: Section, source: Interface): CapturedFrame {
  const { view } = block;
  const { resolution, timeOffset } = source;
  const high = BigInt(view.getUint32(12, littleEndian));
  const time = (high << 32n) | BigInt(view.getUint32(16, littleEndian));
  return {
    bytes: packetBytes(block, 28, view.getUint32(20, littleEndian)),
    length: view.getUint32(24, littleEndian),
    seconds: Number(time / resolution + timeOffset),
    nanoseconds: Number(((time % resolution) * 1_000_000_000n) / resolution),
  };
}

function readSimplePacket(block: Block, { littleEndian }: Section, { snapLength }: Interface): CapturedFrame {
  const length = block.view.getUint32(8, littleEndian);
  const captured = snapLength > 0 ? Math.min(length, snapLength) : length;
  return { bytes: packetBytes(block, 12, captured), length, seconds: 0, nanoseconds: 0 };
}

function packetBytes({ view, offset }: Block, start: number, length: number): Uint8Array {
  if (start + length > view.byteLength - 4 || length > LONGEST_FRAME) {
    throw new CaptureError(`damaged: a packet of ${length} bytes in a block of ${view.byteLength}`, offset);
  }
  return new Uint8Array(view.buffer, view.byteOffset + start, length);
}
