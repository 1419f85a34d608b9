// What the digits of an address are, and which digits of the inputs they come from.
import type { Host, Network } from "sixplane";
import { parseAddress } from "sixplane";
import type { Field } from "../page/bits.ts";

/** The hex digits of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function networkFields({ id }: Network): Field[] {
  return [
    {
      name: "upper half",
      kind: "network",
      digits: id.slice(0, 8),
      tells: "The network ID's upper 32 bits. 6PLANE has them XORed with the lower ones.",
    },
    {
      name: "lower half",
      kind: "network",
      digits: id.slice(8),
      tells: "The network ID's lower 32 bits. 6PLANE has them XORed with the upper ones.",
    },
  ];
}

export function nodeFields({ node }: Host): Field[] {
  return [
    {
      name: "node address",
      kind: "node",
      digits: node,
      tells: "The node address: it is in both kinds of address as it is, and in the MAC under a mask.",
    },
  ];
}

/** Fields of a 6PLANE address: 8 bits, 32 of the network, 40 of the node, 48 of the node's own. */
export function sixplaneFields(address: string): Field[] {
  const digits = hexOf(parseAddress(address));
  return [
    { name: "fc", kind: "fixed", digits: digits.slice(0, 2), tells: "fc, as in every 6PLANE address." },
    {
      name: "network",
      kind: "network",
      digits: digits.slice(2, 10),
      from: (i) => [`network:${i}`, `network:${i + 8}`],
      tells: "The network: the upper half of its ID XOR the lower half. With fc it is the network's /40.",
    },
    {
      name: "node",
      kind: "node",
      digits: digits.slice(10, 20),
      from: (i) => [`node:${i}`],
      tells: "The node address, as it is. It ends the /80 that is routed to the node.",
    },
    {
      name: "node's own",
      kind: "own",
      digits: digits.slice(20),
      from: (i) => [`own:${i}`],
      tells: "48 bits that the node hands out itself, say to containers. Its own address has 1 here.",
    },
  ];
}

/** Fields of an RFC 4193 address: fd, the network ID, 9993, the node address. */
export function rfc4193Fields(address: string): Field[] {
  const digits = hexOf(parseAddress(address));
  return [
    {
      name: "fd",
      kind: "fixed",
      digits: digits.slice(0, 2),
      tells: "fd: a unique local address (RFC 4193).",
    },
    {
      name: "network ID",
      kind: "network",
      digits: digits.slice(2, 18),
      from: (i) => [`network:${i}`],
      tells: "The whole network ID, as it is.",
    },
    { name: "9993", kind: "fixed", digits: digits.slice(18, 22), tells: "9993, ZeroTier's mark (and port)." },
    {
      name: "node",
      kind: "node",
      digits: digits.slice(22),
      from: (i) => [`node:${i}`],
      tells: "The node address, as it is. Nothing is left for containers: this is a /128.",
    },
  ];
}

/** Fields of a MAC: an octet of the network, and the node address XOR five bytes of the network ID, backwards. */
export function macFields(mac: string): Field[] {
  const digits = mac.replaceAll(":", "");
  const mask = (i: number) => 2 * (6 - (i >> 1)) + (i & 1);
  return [
    {
      name: "network's octet",
      kind: "network",
      digits: digits.slice(0, 2),
      from: () => ["network:14", "network:15"],
      tells: "The network ID's last byte, made a local unicast octet; 32 where that would be KVM's 52.",
    },
    {
      name: "node under a mask",
      kind: "node",
      digits: digits.slice(2),
      from: (i) => [`node:${i}`, `network:${mask(i)}`],
      tells: "The node address XOR bytes 6 to 2 of the network ID, so that networks do not share MACs.",
    },
  ];
}

export function ownFields(digits: string): Field[] {
  return [
    {
      name: "suffix",
      kind: "own",
      digits,
      tells: "The lower 48 bits: the node's own to hand out, one address for each container.",
    },
  ];
}
