import { type Core, core, MODE_BITS, type Mode } from "./core.ts";
import { Host } from "./host.ts";
import { formatHex, isReservedNode, parseNetworkId, parseNode } from "./identifier.ts";
import { readAddress } from "./ipv6.ts";
import { isMac, parseMac } from "./mac.ts";
import { checkWhole } from "./number.ts";
import { type Prefix, prefixAround } from "./prefix.ts";
import { Responder, type ResponderOptions } from "./responder.ts";
import { permitsSource, type SourcePolicy } from "./sender.ts";

/**
 * The node behind an address or a MAC.
 *
 * @example
 * const owner: Owner | undefined = new Network("8056c2e21c000001").ownerOf("02:de:ad:a2:0d:c3");
 * owner;  // { node: "deadbeef01", mode: "mac", reserved: false }
 */
export interface Owner {
  /** The node address, 10 lower-case hex digits. */
  node: string;
  /** Which of its names was recognized. */
  mode: Mode | "mac";
  /** Whether ZeroTier gives this node address to no node: 0, or first byte ff. */
  reserved: boolean;
}

/**
 * A range of UDP or TCP ports, both ends included.
 *
 * @example
 * const range: PortRange | undefined = Network.adhoc(7000, 7999).ports;
 * range;  // { start: 7000, end: 7999 }
 */
export interface PortRange {
  /** The first port, 0 to 65535. */
  start: number;
  /** The last port, `start` to 65535. */
  end: number;
}

/** Stands in a record where the node address plays no part. */
const NO_NODE = new Uint8Array(5);

/**
 * A ZeroTier network, by its ID.
 *
 * @example
 * await init();
 * const network = new Network("8056c2e21c000001");
 * network.sixplane.toString();                            // "fc9c:56c2:e300::/40"
 * network.host("89e92ceee5").sixplane.address;            // "fc9c:56c2:e389:e92c:eee5::1"
 * network.ownerOf("fc9c:56c2:e3de:adbe:ef01::53")?.node;  // "deadbeef01"
 */
export class Network {
  /** The network ID, 16 lower-case hex digits. */
  readonly id: string;
  readonly #id: Uint8Array;
  readonly #core: Core;

  /**
   * The network of that ID.
   *
   * @param id 16 hex digits, in either case
   * @throws InputError for anything else
   * @throws NotInitializedError before `init` or `initSync`
   * @example
   * new Network("8056C2E21C000001").id;  // "8056c2e21c000001"
   */
  constructor(id: string) {
    this.#core = core();
    this.#id = parseNetworkId(id);
    this.id = formatHex(this.#id);
  }

  /**
   * The ad-hoc network of a port range: anyone may join it, no controller runs it, it gives 6PLANE
   * addresses, and lets through what goes to these ports (upstream: the ad-hoc networks of
   * ZeroTier's manual). Its ID is `ff`, both ports in hex, and six zeros.
   *
   * @param start the first port, 0 to 65535
   * @param end the last port, `start` to 65535
   * @throws InputError out of these ranges
   * @example Network.adhoc(22, 22).id;  // "ff00160016000000"
   */
  static adhoc(start: number, end: number): Network {
    const hex = (port: number) => port.toString(16).padStart(4, "0");
    checkWhole("start port", start, 0, 0xffff);
    checkWhole("end port", end, start, 0xffff);
    return new Network(`ff${hex(start)}${hex(end)}000000`);
  }

  /** The port range of an ad-hoc network; undefined for a network with a controller. */
  get ports(): PortRange | undefined {
    const [, start = "", end = ""] = /^ff(....)(....)000000$/.exec(this.id) ?? [];
    const range = { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
    return range.start <= range.end ? range : undefined;
  }

  /** The /40 in which all 6PLANE addresses of the network lie. */
  get sixplane(): Prefix {
    return prefixAround(this.#configured().sixplane(), 40);
  }

  /** The /88 in which all RFC 4193 addresses of the network lie. */
  get rfc4193(): Prefix {
    return prefixAround(this.#configured().rfc4193(), 88);
  }

  /**
   * One node of the network.
   *
   * @param node its node address, 10 hex digits, in either case
   * @throws InputError for anything else
   * @throws MissingFunctionError where the loaded build of the core does not derive
   * @example
   * new Network("8056c2e21c000001").host("89e92ceee5").mac;  // "02:89:e9:30:0c:27"
   */
  host(node: string): Host {
    return new Host(this.#core, this.#id, node);
  }

  /**
   * The node that an IPv6 address or a MAC of this network belongs to.
   *
   * @param text an IPv6 address, anywhere in a node's /80 or its RFC 4193 address, or a MAC
   * @returns undefined where it embeds no node of this network; a node that is `reserved` where it
   *   embeds one that ZeroTier never assigns, which nobody answers for
   * @throws InputError where the text is neither
   * @throws MissingFunctionError where the loaded build of the core does not derive
   * @example
   * new Network("8056c2e21c000001").ownerOf("fc9c:56c2:e3de:adbe:ef01::53")?.node;  // "deadbeef01"
   * new Network("8056c2e21c000001").ownerOf("fe80::1");                             // undefined
   */
  ownerOf(text: string): Owner | undefined {
    if (typeof text === "string" && isMac(text)) {
      const node = this.#configured().ownerOfMac(parseMac(text));
      return node && toOwner(node, "mac");
    }
    const address = readAddress(text, "address", "an IPv6 address or a MAC");
    const found = this.#configured().ownerOfAddress(address);
    return found && toOwner(found.node, found.mode);
  }

  /**
   * A responder for a host of this network.
   *
   * @param options which host, and what to answer for
   * @throws InputError for a bad node address, an unknown mode, or no mode at all
   * @throws MissingFunctionError where the loaded build of the core does not answer
   * @throws RangeError where the runtime has no memory for one more: a page in Chromium has it for 123
   * @example
   * new Network("8056c2e21c000001").responder({ node: "89e92ceee5", modes: ["6plane"] }).node;  // "89e92ceee5"
   */
  responder(options: ResponderOptions): Responder {
    return new Responder(this.#core, this.#id, options);
  }

  /**
   * Whether a frame that came from a node names that node as its sender: for whoever takes frames
   * from the nodes of this network and hands them on, and for the host that gets them.
   *
   * The source MAC must be the node's own. In an IPv6 frame (ethertype `86dd`, behind VLAN tags or
   * not), the source address must be one of these, too:
   * - any address of the node's /80, or its RFC 4193 address; never one that embeds another node
   * - of all link-local addresses, the one made from the MAC (RFC 2464 §5)
   * - `::`, which asks whether an address is free (RFC 4862 §5.4)
   * - any other address that is not multicast or `::1`, unless `foreign` is false
   *
   * A frame without a whole Ethernet header, or of ethertype `86dd` without a whole IPv6 header of
   * version 6, is not permitted: it cannot be checked. Of other frames, only the MAC is looked at.
   * What a Neighbor Advertisement says of addresses other than its source is not.
   *
   * @param node the node's address, 10 hex digits, as the transport knows it, not the frame
   * @param frame an Ethernet frame from its destination MAC on
   * @param policy what else the node may send from; foreign addresses by default
   * @throws InputError for a bad node address, anything but bytes, or a bad policy
   * @example
   * if (network.permitsSource("deadbeef01", frame)) tap.write(frame);
   * network.permitsSource("deadbeef01", frame, { foreign: false });  // no foreign address either
   */
  permitsSource(node: string, frame: Uint8Array, policy?: SourcePolicy): boolean {
    const bytes = parseNode(node);
    return permitsSource(this.#configured(bytes), bytes, frame, policy);
  }

  /**
   * The network ID, 16 lower-case hex digits.
   *
   * @example
   * new Network("8056c2e21c000001").toString();  // "8056c2e21c000001"
   */
  toString(): string {
    return this.id;
  }

  /** The core, which networks share, configured for this one in both modes. */
  #configured(node: Uint8Array = NO_NODE): Core {
    this.#core.configure(this.#id, node, MODE_BITS["6plane"] | MODE_BITS.rfc4193);
    return this.#core;
  }
}

function toOwner(bytes: Uint8Array, mode: Owner["mode"]): Owner {
  const node = formatHex(bytes);
  return { node, mode, reserved: isReservedNode(node) };
}
