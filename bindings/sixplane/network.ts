import { type Core, core, MODE_BITS, type Mode } from "./core.ts";
import { mismatch } from "./errors.ts";
import { Host } from "./host.ts";
import { formatHex, isReservedNode, parseNetworkId, parseNode } from "./identifier.ts";
import { addressBytes, readAddress } from "./ipv6.ts";
import { formatMac, isMac, parseMac } from "./mac.ts";
import { checkWhole } from "./number.ts";
import { type Prefix, prefixAround } from "./prefix.ts";
import { Responder, type ResponderOptions } from "./responder.ts";
import { policyBits, type SourcePolicy } from "./sender.ts";

/**
 * The node that owns an address or a MAC.
 *
 * @example
 * const owner: Owner | undefined = new Network("8056c2e21c000001").ownerOf("02:de:ad:a2:0d:c3");
 * owner;  // { node: "deadbeef01", mode: "mac", reserved: false }
 */
export interface Owner {
  /** The node address, 10 lower-case hex digits. */
  node: string;
  /** How the node was found: by a 6PLANE address, an RFC 4193 address or a MAC. */
  mode: Mode | "mac";
  /** Whether the node address is reserved: ZeroTier never assigns 0 or addresses that start with ff. */
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

/** The node address in a record whose node is not used. */
const NO_NODE = new Uint8Array(5);

/**
 * A ZeroTier network.
 *
 * @example
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
   * Makes the network with this ID.
   *
   * @param id 16 hex digits, in either case
   * @throws InputError for anything else
   * @throws CompilationRefusedError if no core was loaded, and the runtime refuses to compile the embedded one
   * @example
   * new Network("8056C2E21C000001").id;  // "8056c2e21c000001"
   */
  constructor(id: string) {
    this.#core = core();
    this.#id = parseNetworkId(id);
    this.id = formatHex(this.#id);
  }

  /**
   * The ad-hoc network for a range of ports. Anyone may join it, and it has no controller. It uses 6PLANE
   * addresses, and permits traffic to these ports only (upstream: ad-hoc networks in ZeroTier's manual). Its ID
   * is `ff`, both ports in hex, and six zeros.
   *
   * @param start the first port, 0 to 65535
   * @param end the last port, `start` to 65535
   * @throws InputError for a port outside its range
   * @example Network.adhoc(22, 22).id;  // "ff00160016000000"
   */
  static adhoc(start: number, end: number): Network {
    const hex = (port: number) => port.toString(16).padStart(4, "0");
    checkWhole("start port", start, 0, 0xffff);
    checkWhole("end port", end, start, 0xffff);
    return named(`ff${hex(start)}${hex(end)}000000`);
  }

  /** The port range of an ad-hoc network; undefined for a network with a controller. */
  get ports(): PortRange | undefined {
    const [, start = "", end = ""] = /^ff(....)(....)000000$/.exec(this.id) ?? [];
    const range = { start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) };
    return range.start <= range.end ? range : undefined;
  }

  /** The network prefix of 6PLANE, a /40: it contains all 6PLANE addresses of the network. */
  get sixplane(): Prefix {
    return prefixAround(this.#configured().sixplane(), 40);
  }

  /** The network prefix of RFC 4193 mode, a /88: it contains all RFC 4193 addresses of the network. */
  get rfc4193(): Prefix {
    return prefixAround(this.#configured().rfc4193(), 88);
  }

  /**
   * A node of the network, with its MAC and addresses.
   *
   * @param node the node address, 10 hex digits, in either case
   * @throws InputError for anything else
   * @throws MissingFunctionError if the loaded build of the core lacks `mac`, `sixplane` or `rfc4193`
   * @example
   * new Network("8056c2e21c000001").host("89e92ceee5").mac;  // "02:89:e9:30:0c:27"
   */
  host(node: string): Host {
    return new Host(this.#core, this.#id, node);
  }

  /**
   * The node that an IPv6 address or a MAC of this network belongs to.
   *
   * @param address an IPv6 address, anywhere in a node's /80 or its RFC 4193 address, or a MAC: as text, or as 16 or 6
   *   bytes
   * @returns undefined if the address embeds no node of this network. A node address that ZeroTier never assigns is
   *   returned as `reserved`; no responder answers for it
   * @throws InputError if it is neither an IPv6 address nor a MAC
   * @throws MissingFunctionError if the loaded build of the core lacks `owner` or `macOwner`
   * @example
   * new Network("8056c2e21c000001").ownerOf("fc9c:56c2:e3de:adbe:ef01::53")?.node;  // "deadbeef01"
   * new Network("8056c2e21c000001").ownerOf(parseMac("02:de:ad:a2:0d:c3"))?.node;   // "deadbeef01"
   * new Network("8056c2e21c000001").ownerOf("fe80::1");                             // undefined
   */
  ownerOf(address: string | Uint8Array): Owner | undefined {
    const bytes = bytesOf(address);
    if (bytes.length === 6) {
      const node = this.#configured().ownerOfMac(bytes);
      return node && toOwner(node, "mac");
    }
    const found = this.#configured().ownerOfAddress(bytes);
    return found && toOwner(found.node, found.mode);
  }

  /**
   * The MAC of the node that an IPv6 address of this network belongs to: where to send a packet without asking for
   * the neighbour.
   *
   * @param address an IPv6 address, anywhere in a node's /80 or its RFC 4193 address: as text, or as 16 bytes
   * @returns the MAC, as six groups of two lower-case hex digits; undefined if the address embeds no node of this
   *   network, or one that ZeroTier never assigns
   * @throws InputError if it is no IPv6 address
   * @throws MissingFunctionError if the loaded build of the core lacks `neighbour`
   * @example
   * new Network("8056c2e21c000001").neighbour("fc9c:56c2:e3de:adbe:ef01::53");  // "02:de:ad:a2:0d:c3"
   * new Network("8056c2e21c000001").neighbour("2001:db8::1");                   // undefined
   */
  neighbour(address: string | Uint8Array): string | undefined {
    const mac = this.#configured().neighbour(addressBytes(address));
    return mac && formatMac(mac);
  }

  /**
   * A responder for a host of this network.
   *
   * @param options the host's node address, the modes, and whether to answer probes
   * @throws InputError for a bad node address, an unknown mode, no mode at all, or an unknown option
   * @throws MissingFunctionError if the loaded build of the core has no `respond`
   * @throws RangeError if the runtime has no memory for another one: a page in Chromium can have 123
   * @example
   * new Network("8056c2e21c000001").responder({ node: "89e92ceee5", modes: ["6plane"] }).node;  // "89e92ceee5"
   */
  responder(options: ResponderOptions): Responder {
    return new Responder(this.#core, this.#id, options);
  }

  /**
   * Whether a frame from a node really claims to be from that node. Check this before you accept a frame from a
   * node, or forward it.
   *
   * The source MAC must be the node's own. In an IPv6 frame (ethertype `86dd`, with or without VLAN tags), the
   * source address must also be one of these:
   * - an address in the node's /80, or its RFC 4193 address
   * - the link-local address made from the MAC (RFC 2464 §5)
   * - `::`, for duplicate address detection (RFC 4862 §5.4)
   * - unless `foreign` is false: an address that belongs to no node of this network, and is not multicast, `::1`
   *   or link-local
   *
   * A message of Neighbor Discovery (RFC 4861), also behind extension headers, must speak for the node alone:
   * - the target of a Neighbor Advertisement must be an address that the node may send from; so must the target of
   *   a Neighbor Solicitation from `::`, which is duplicate address detection
   * - every link-layer address in its options must be the node's MAC
   * - a Router Advertisement is permitted only if `routers` is true, and a Redirect never
   *
   * A frame that cannot be checked is not permitted: with an incomplete Ethernet header, or more than three VLAN
   * tags; of ethertype `86dd` with an incomplete IPv6 packet, one that does not end in the first 65,518 bytes, or
   * another IP version; with a cut extension header; with a message of Neighbor Discovery that is cut or in a
   * fragment. For other ethertypes, only the MAC is checked.
   *
   * @param node the address of the node that sent the frame, 10 hex digits, as the transport knows it
   * @param frame an Ethernet frame from its destination MAC on
   * @param policy other source addresses that the node may use; by default, all foreign ones
   * @throws InputError for a bad node address, anything but bytes, or a bad policy
   * @throws MissingFunctionError if the loaded build of the core lacks `permits`
   * @example
   * if (network.permitsSource("deadbeef01", frame)) deliver(frame);
   * network.permitsSource("deadbeef01", frame, { foreign: false });  // no foreign address either
   */
  permitsSource(node: string, frame: Uint8Array, policy?: SourcePolicy): boolean {
    const bytes = parseNode(node);
    if (!(frame instanceof Uint8Array)) throw mismatch("frame", "a Uint8Array", frame);
    return this.#configured(bytes, policyBits(policy)).permits(frame);
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

  /** The core, which all networks share, configured for this network and both modes. */
  #configured(node: Uint8Array = NO_NODE, policy = 0): Core {
    this.#core.configure(this.#id, node, MODE_BITS["6plane"] | MODE_BITS.rfc4193 | policy);
    return this.#core;
  }
}

/** Outside of the class, which would get another name in the bundle, and so in consoles, if it named itself. */
function named(id: string): Network {
  return new Network(id);
}

/** An IPv6 address (16 bytes) or a MAC (6 bytes). */
function bytesOf(address: string | Uint8Array): Uint8Array {
  const expected = "an IPv6 address or a MAC";
  if (typeof address === "string")
    return isMac(address) ? parseMac(address) : readAddress(address, "address", expected);
  if (address instanceof Uint8Array && (address.length === 16 || address.length === 6)) return address;
  throw mismatch("address", `${expected} as text, 16 or 6 bytes`, address);
}

function toOwner(bytes: Uint8Array, mode: Owner["mode"]): Owner {
  const node = formatHex(bytes);
  return { node, mode, reserved: isReservedNode(node) };
}
