import { formatAddress, parseMac } from "sixplane";
import { command, found, type NetworkCheck, right } from "../check.ts";

/** Whether the interfaces that the host forwards between have link-local addresses, from which the kernel asks for others. */
export const linkLocal: NetworkCheck = {
  name: "link-local",
  run({ device, bridges }) {
    if (!device || bridges.length === 0) return [];
    // Without a carrier, an interface has none yet.
    const used = [device, ...bridges].filter(({ flags }) => flags.includes("LOWER_UP"));
    const without = used.filter(({ addr_info }) => !addr_info.some(({ local }) => local.startsWith("fe80:")));
    if (without.length === 0) return [right("every interface has a link-local address")];
    return without.map(({ ifname, address = "" }) =>
      found({
        what: `${ifname} has no link-local address.`,
        why: "The kernel asks from it who has the address of a forwarded packet; without it, such packets are lost.",
        mend: [command("ip", "-6", "address", "add", `${linkLocalOf(address)}/64`, "dev", ifname)],
      }),
    );
  },
};

/** The link-local address made from a MAC (RFC 2464 §5), which no other interface of the link has. */
function linkLocalOf(mac: string): string {
  const [first = 0, ...rest] = parseMac(mac);
  const identifier = [first ^ 2, ...rest.slice(0, 2), 0xff, 0xfe, ...rest.slice(2)];
  return formatAddress(new Uint8Array([0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...identifier]));
}
