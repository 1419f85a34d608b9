// Who an address or a MAC belongs to, or why that cannot be told.
import { formatAddress, formatMac, Network, parseAddress, parseMac } from "sixplane";
import type { Field } from "../page/bits.ts";
import { hexOf, macFields, rfc4193Fields, sixplaneFields } from "./fields.ts";
import { linkLocal, type Row } from "./rows.ts";

export interface Finding {
  /** The answer, in a sentence. */
  says: string;
  /** What is known of it, by name. */
  rows: Row[];
  /** Its digits, and how many of them stand together; none for what has no fields of ours. */
  fields: Field[];
  group: number;
  /** The network and the node that the page can go on with. */
  network?: string;
  node?: string;
}

/**
 * @param text an IPv6 address or a MAC; a prefix length or a zone behind it is left out
 * @param network the network that is looked at, where there is one
 * @throws InputError where the text is neither
 */
export function find(text: string, network: Network | undefined): Finding {
  const plain = text.trim().replace(/[/%].*$/, "");
  if (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(plain)) return findMac(formatMac(parseMac(plain)), network);
  new Network("0000000000000000").ownerOf(plain); // refuses what is neither
  const bytes = parseAddress(plain);
  const address = formatAddress(bytes);
  return (
    findSixplane(address, hexOf(bytes), network) ??
    findRfc4193(address, hexOf(bytes), network) ??
    findLinkLocal(address, bytes, network) ??
    nobody(whyNobody(address, bytes))
  );
}

function findMac(mac: string, network: Network | undefined): Finding {
  const known = { fields: macFields(mac), group: 2 };
  if (!network) {
    return {
      ...nobody("Whose MAC this is can be told with the network's ID alone: give it above."),
      ...known,
    };
  }
  const owner = network.ownerOf(mac);
  const octet = network.host("0000000000").mac.slice(0, 2);
  if (!owner) {
    const why = `MACs of network ${network.id} start with ${octet}, this one with ${mac.slice(0, 2)}: it is of another network, or of none.`;
    return { ...nobody(why), ...known };
  }
  return {
    ...known,
    says: `On network ${network.id}, ${ownedBy(owner)}. Another network whose MACs start with ${octet} would give it to another node: a MAC does not tell its network.`,
    rows: [{ name: "Node address", value: owner.node }],
    ...(owner.reserved ? {} : { node: owner.node }),
  };
}

/** A 6PLANE address has no more of the network than its ID's halves, XORed. */
function findSixplane(address: string, digits: string, network: Network | undefined): Finding | undefined {
  const halves = digits.slice(2, 10);
  const alike = new Network(`${halves}00000000`); // has the same prefix, as has each ID whose halves give this
  const owner = alike.ownerOf(address);
  if (owner?.mode !== "6plane") return undefined;
  const isOurs = network?.ownerOf(address)?.mode === "6plane";
  const adhoc = adhocOf(halves);
  const ports = adhoc?.ports;
  const which = isOurs
    ? `This is a 6PLANE address of network ${network.id}, or of one whose ID's halves have the same XOR`
    : `This is a 6PLANE address of a network whose ID's halves, XORed, are ${halves}: which ID that is, the address does not tell${network ? `, but it is not ${network.id}` : ""}`;
  return {
    says: `${which}; ${ownedBy(owner)}.`,
    fields: sixplaneFields(address),
    group: 4,
    rows: [
      { name: "Network prefix", value: alike.sixplane.toString() },
      { name: "Node address", value: owner.node },
      { name: "Host prefix", value: alike.host(owner.node).sixplane.prefix.toString() },
      { name: "Suffix", value: suffix(parseAddress(address)) },
      ...(ports
        ? [{ name: "If it is ad-hoc", value: `${adhoc?.id}, ports ${ports.start} to ${ports.end}` }]
        : []),
    ],
    ...(owner.reserved ? {} : { node: owner.node }),
    ...(adhoc && !isOurs ? { network: adhoc.id } : {}),
  };
}

/** The one ad-hoc network with these 32 bits in its addresses, where its ports are in order. */
function adhocOf(halves: string): Network | undefined {
  const start = halves.slice(2, 6);
  const end =
    halves.slice(6, 8) + (Number.parseInt(halves.slice(0, 2), 16) ^ 0xff).toString(16).padStart(2, "0");
  const network = new Network(`ff${start}${end}000000`);
  return network.ports && network;
}

/** The node's own 48 bits, as the end of an address. */
function suffix(address: Uint8Array): string {
  const own = new Uint8Array(16);
  own.set(address.subarray(10), 10);
  return formatAddress(own);
}

function findRfc4193(address: string, digits: string, network: Network | undefined): Finding | undefined {
  const named = new Network(digits.slice(2, 18));
  const owner = named.ownerOf(address);
  if (owner?.mode !== "rfc4193") return undefined;
  const isOurs = named.id === network?.id;
  return {
    says: `This is the RFC 4193 address of one node of ${isOurs ? "network" : "another network,"} ${named.id}; ${ownedBy(owner)}.`,
    fields: rfc4193Fields(address),
    group: 4,
    rows: [
      { name: "Network ID", value: named.id },
      { name: "Network prefix", value: named.rfc4193.toString() },
      { name: "Node address", value: owner.node },
    ],
    ...(isOurs ? {} : { network: named.id }),
    ...(owner.reserved ? {} : { node: owner.node }),
  };
}

/** A link-local address that is made of a MAC, as Linux makes them. */
function findLinkLocal(
  address: string,
  bytes: Uint8Array,
  network: Network | undefined,
): Finding | undefined {
  const [a = 0, b = 0, c = 0, , , d = 0, e = 0, f = 0] = bytes.subarray(8);
  const mac = formatMac(Uint8Array.of(a ^ 2, b, c, d, e, f));
  if (linkLocal(mac) !== address) return undefined;
  const found = findMac(mac, network);
  return { ...found, says: `A link-local address, made of the MAC ${mac}. ${found.says}` };
}

function whyNobody(address: string, bytes: Uint8Array): string {
  const [first = 0, second = 0] = bytes;
  if (/^ff02::1:ff/.test(address)) {
    return `${address} is a solicited-node multicast address: of every address that ends in ${hexOf(bytes).slice(26)}, whoever has it.`;
  }
  if (first === 0xff) return `${address} is multicast: it belongs to no node.`;
  if (first === 0xfe && (second & 0xc0) === 0x80) {
    return `${address} is link-local and not made of a MAC: nothing in it names a node.`;
  }
  if (first === 0xfd) {
    return `${address} is a unique local address, but without 9993 behind the network ID: it names no node.`;
  }
  return `${address} starts neither with fc (6PLANE) nor with fd (RFC 4193): nothing in it names a node.`;
}

function ownedBy({ node, reserved }: { node: string; reserved: boolean }): string {
  return reserved
    ? `it names node ${node}, which ZeroTier gives to none: it belongs to nobody`
    : `it belongs to node ${node}`;
}

function nobody(says: string): Finding {
  return { says, rows: [], fields: [], group: 4 };
}
