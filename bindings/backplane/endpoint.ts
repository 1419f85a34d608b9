import { lookup } from "node:dns/promises";
import { isIP, SocketAddress } from "node:net";
import { InputError, mismatch } from "../errors.ts";
import { VXLAN_PORT } from "./vxlan.ts";

/** One end of a UDP path. */
export interface Endpoint {
  /** An IP address, or a name that has not been looked up. */
  host: string;
  port: number;
}

/**
 * Reads `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
 *
 * @param what its name in an error
 * @throws InputError for anything else
 */
export function parseEndpoint(what: string, text: string): Endpoint {
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]@]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = digits === undefined ? VXLAN_PORT : Number(digits);
  if (bracketed !== undefined && isIP(bracketed) === 6 && port <= 0xffff) return { host: bracketed, port };
  if (name !== undefined && port <= 0xffff) return { host: name, port };
  throw mismatch(what, "a host and a port such as 192.0.2.1:4789 or [2001:db8::1]:4789", text);
}

/** The same as text: an IPv6 address in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Looks the host up, where it is a name.
 *
 * @param what its name in an error
 * @throws InputError where nobody knows it
 */
export async function resolve(what: string, { host, port }: Endpoint): Promise<Endpoint> {
  try {
    return { host: (await lookup(host)).address, port };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`${what} ${JSON.stringify(host)} cannot be looked up: ${code}`);
  }
}

/**
 * The endpoint as a socket names it that sends to it or receives from it.
 *
 * @param mapped whether the socket is of IPv6: IPv4 addresses are mapped into it then (RFC 4291 §2.5.5.2)
 */
export function asSocketSees({ host, port }: Endpoint, mapped: boolean): Endpoint {
  if (isIP(host) === 4) return { host: mapped ? `::ffff:${host}` : host, port };
  const [address = "", zone] = host.split("%");
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  return { host: zone === undefined ? canonical : `${canonical}%${zone}`, port };
}
