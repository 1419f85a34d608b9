import { readFileSync } from "node:fs";
import { Bucket } from "../tap/loop/bucket.ts";

const SETTING = "/proc/sys/net/ipv6/neigh/default/gc_thresh3";

/** What Linux has where nothing is set; other network namespaces than the initial one do not show it. */
const DEFAULT_TABLE = 1024;

/** How many neighbours the kernel may have at most, of all interfaces and network namespaces together. */
export function neighbourTableSize(): number {
  try {
    return Number(readFileSync(SETTING, "utf8"));
  } catch {
    return DEFAULT_TABLE;
  }
}

/** What of the kernel's table, with so many entries, a peer gets. */
export function limitsFor(tableSize: number): { rate: number; room: number } {
  const part = (of: number) => Math.max(1, Math.floor(tableSize / of));
  return { rate: part(32), room: part(8) }; // for each of two halves
}

/**
 * The addresses that a peer's frames name, of which the kernel may make neighbour entries: their destinations, which
 * it resolves where it forwards, and their sources, to which it answers. Of the kernel's table, a peer gets a quarter
 * for the addresses that it keeps using, and a thirty-second a second for others.
 */
export class Newcomers {
  readonly #own: string;
  readonly #bucket: Bucket;
  readonly #room: number;
  /** The addresses that were named last, and before them those that were named earlier. */
  #recent = new Set<string>();
  #earlier = new Set<string>();

  /**
   * @param prefix the peer's own, which a route leads to one neighbour: 10 bytes
   * @param tableSize of the kernel
   */
  constructor(prefix: Uint8Array, tableSize: number) {
    this.#own = Buffer.from(prefix).toString("latin1");
    const { rate, room } = limitsFor(tableSize);
    this.#bucket = new Bucket(rate);
    this.#room = room;
  }

  /** @returns whether all addresses of a frame are known, or may be new */
  permit(frame: Buffer): boolean {
    return addressesOf(frame, this.#own).every((address) => this.#isKnown(address) || this.#admit(address));
  }

  #isKnown(address: string): boolean {
    if (this.#recent.has(address)) return true;
    if (!this.#earlier.has(address)) return false;
    this.#remember(address);
    return true;
  }

  #admit(address: string): boolean {
    if (!this.#bucket.take()) {
      this.#bucket.fill();
      if (!this.#bucket.take()) return false;
    }
    this.#remember(address);
    return true;
  }

  #remember(address: string): void {
    this.#recent.add(address);
    if (this.#recent.size < this.#room) return;
    this.#earlier = this.#recent;
    this.#recent = new Set();
  }
}

const ETHERTYPE = 12;
const TAGS = [0x8100, 0x88a8, 0x9100];
const IPV4 = 0x0800;
const ARP = 0x0806;
const IPV6 = 0x86dd;

/** Where the addresses are, from the header's start: RFC 791 §3.1, RFC 826, RFC 8200 §3. */
const LAYOUTS: Record<number, { source: number; destination: number; size: number }> = {
  [IPV4]: { source: 12, destination: 16, size: 4 },
  [ARP]: { source: 14, destination: 24, size: 4 },
  [IPV6]: { source: 8, destination: 24, size: 16 },
};

const NEXT_HEADER = 6;
const TCP = 6;
const UDP = 17;

/** The addresses as bytes in text, but for groups and for the peer's own where no neighbour is made of them. */
function addressesOf(frame: Buffer, own: string): string[] {
  let at = ETHERTYPE;
  while (at + 2 <= frame.length && TAGS.includes(frame.readUInt16BE(at))) at += 4; // the kernel may take them off
  if (at + 2 > frame.length) return [];
  const type = frame.readUInt16BE(at);
  const layout = LAYOUTS[type];
  const header = at + 2;
  if (!layout) return [];
  const read = (from: number) => frame.toString("latin1", header + from, header + from + layout.size);
  const [source, destination] = [read(layout.source), read(layout.destination)];
  const isPlain = [TCP, UDP].includes(frame[header + NEXT_HEADER] ?? 0); // and not Neighbor Discovery
  const isOwn = type === IPV6 && isPlain && source.startsWith(own);
  const isGroup = type === IPV6 && destination.charCodeAt(0) === 0xff;
  return [...(isOwn ? [] : [source]), ...(isGroup ? [] : [destination])];
}
