import { lookup } from "node:dns/promises";
import { isIP, SocketAddress } from "node:net";
import { mismatch, quote } from "sixplane";
import { FabricError } from "./error.ts";
import { VXLAN_PORT } from "./vxlan.ts";

/** What an IPv4 address starts with where a socket of IPv6 uses it (RFC 4291 §2.5.5.2). */
export const MAPPED = "::ffff:";

/** One end of a UDP path. */
export interface Endpoint {
  /** An IP address, or a name that has not been looked up. */
  host: string;
  port: number;
}

export type Family = 0 | 4 | 6;

/** What tells endpoints apart, as one socket sees them. */
export function endpointKey({ host, port }: Endpoint): string {
  return `${host} ${port}`;
}

/**
 * Reads `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
 *
 * @param what its name in an error
 * @throws InputError for anything else
 */
export function parseEndpoint(what: string, text: string): Endpoint {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]@]+))(?::(\d{1,15}))?$/.exec(text) ?? [];
  const port = digits === undefined ? VXLAN_PORT : Number(digits);
  const host = bracketed !== undefined && isIP(bracketed) === 6 ? bracketed : name;
  if (host !== undefined && port > 0xffff)
    throw mismatch(`port of the ${what}`, "a whole number from 0 to 65535", digits);
  if (host !== undefined) return { host, port };
  throw mismatch(what, "a host and a port such as 192.0.2.1:4789 or [2001:db8::1]:4789", text);
}

/** The same as text: an IPv6 address in brackets, an IPv4 address that is mapped into IPv6 as it was. */
export function formatEndpoint({ host, port }: Endpoint): string {
  const plain = host.startsWith(MAPPED) ? host.slice(MAPPED.length) : host;
  return isIP(plain) === 6 ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/**
 * Looks the host up, where it is a name.
 *
 * @param what its name in an error
 * @param family which address of a name to take, 4 or 6; 0 takes the first
 * @throws FabricError where nobody knows it
 */
export async function resolve(what: string, { host, port }: Endpoint, family: Family): Promise<Endpoint> {
  try {
    return { host: (await lookup(host, { family })).address, port };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new FabricError(
      `${what} ${quote(host)} cannot be looked up: ${lookupReason(code, family) ?? code}`,
    );
  }
}

function lookupReason(code: string, family: Family): string | undefined {
  if (code === "ENOTFOUND") return `nobody knows an ${family === 0 ? "" : `IPv${family} `}address of it`;
  return code === "EAI_AGAIN" ? "no name server answers" : undefined;
}

/**
 * The addresses that a socket reaches which is bound to this one: IPv4, IPv6, or 0 for both.
 *
 * @param host an address as the socket sees it
 */
export function reachableFrom(host: string): Family {
  if (host === "::") return 0;
  return isIP(host) === 4 || host.startsWith(MAPPED) ? 4 : 6;
}

/**
 * The endpoint as a socket names it that sends to it or receives from it.
 *
 * @param mapped whether the socket is of IPv6: IPv4 addresses are mapped into it then
 */
export function asSocketSees({ host, port }: Endpoint, mapped: boolean): Endpoint {
  if (isIP(host) === 4) return { host: mapped ? `${MAPPED}${host}` : host, port };
  const [address = "", zone] = host.split("%");
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  return { host: zone === undefined ? canonical : `${canonical}%${zone}`, port };
}
