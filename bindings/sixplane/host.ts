import type { Core } from "./core.ts";
import { formatHex, parseNode } from "./identifier.ts";
import { formatAddress } from "./ipv6.ts";
import { formatMac } from "./mac.ts";
import { type Prefix, prefixAround } from "./prefix.ts";

/**
 * A host's address in one mode, and the prefix that only this host uses.
 *
 * @example
 * const { address, prefix }: HostAddress = new Network("8056c2e21c000001").host("89e92ceee5").sixplane;
 * address;            // "fc9c:56c2:e389:e92c:eee5::1"
 * prefix.toString();  // "fc9c:56c2:e389:e92c:eee5::/80"
 */
export class HostAddress {
  /** The address as text (RFC 5952). */
  readonly address: string;
  readonly #bytes: Uint8Array;
  readonly #length: number;

  /** @internal */
  constructor(bytes: Uint8Array, length: number) {
    this.#bytes = bytes;
    this.#length = length;
    this.address = formatAddress(bytes);
  }

  /** The address, 16 bytes. Each access makes a copy. */
  get bytes(): Uint8Array {
    return this.#bytes.slice();
  }

  /** The prefix that is routed to the host: a /80 in 6PLANE, a /128 in RFC 4193 mode. */
  get prefix(): Prefix {
    return prefixAround(this.#bytes, this.#length);
  }

  /**
   * The address as text.
   *
   * @example
   * String(new Network("8056c2e21c000001").host("89e92ceee5").sixplane);  // "fc9c:56c2:e389:e92c:eee5::1"
   */
  toString(): string {
    return this.address;
  }
}

/**
 * A node of a network, with its MAC and its addresses.
 *
 * @example
 * const host = new Network("8056c2e21c000001").host("89e92ceee5");
 * host.sixplane.address;                   // "fc9c:56c2:e389:e92c:eee5::1"
 * host.sixplane.prefix.toString();         // "fc9c:56c2:e389:e92c:eee5::/80"
 * host.sixplane.prefix.address(0x242);     // "fc9c:56c2:e389:e92c:eee5::242"
 * host.rfc4193.address;                    // "fd80:56c2:e21c:0:199:9389:e92c:eee5"
 * host.mac;                                // "02:89:e9:30:0c:27"
 */
export class Host {
  /** The node address, 10 lower-case hex digits. */
  readonly node: string;
  /** The MAC that the node has on this network, as lower-case pairs. */
  readonly mac: string;
  /** The 6PLANE address, ::1 of the host's /80. */
  readonly sixplane: HostAddress;
  /** The RFC 4193 address. */
  readonly rfc4193: HostAddress;
  readonly #mac: Uint8Array;

  /** @internal made by `Network.host` */
  constructor(core: Core, network: Uint8Array, node: string) {
    const bytes = parseNode(node);
    core.configure(network, bytes, 0);
    this.node = formatHex(bytes);
    this.#mac = core.mac();
    this.mac = formatMac(this.#mac);
    this.sixplane = new HostAddress(core.sixplane(), 80);
    this.rfc4193 = new HostAddress(core.rfc4193(), 128);
  }

  /** The MAC, 6 bytes. Each access makes a copy. */
  get macBytes(): Uint8Array {
    return this.#mac.slice();
  }

  /**
   * The node address, 10 lower-case hex digits.
   *
   * @example
   * String(new Network("8056c2e21c000001").host("89e92ceee5"));  // "89e92ceee5"
   */
  toString(): string {
    return this.node;
  }
}
