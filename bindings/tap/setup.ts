import { formatAddress, parseMac } from "sixplane";
import { TapError } from "./error.ts";
import type { Device, SettingGroup } from "./kernel/device.ts";
import { type Route, routeKey, routeText } from "./kernel/routes.ts";

/** What an interface is to have. */
export interface Setup {
  mac: string;
  mtu: number;
  addresses: readonly ManagedAddress[];
  /** Routes over the interface, which the kernel removes as it goes down. */
  routes: readonly Route[];
  /** Whether the kernel may obey routers; if not, the settings of `ROUTER_SETTINGS` are set to 0. */
  acceptRouters: boolean;
}

/** The settings by which the kernel takes routes, addresses, a hop limit and an MTU from routers. */
const ROUTER_SETTINGS = ["accept_ra", "autoconf", "accept_redirects"];

/**
 * How often the kernel asks the whole network for a neighbour that does not answer probes any more. With 0, its
 * default, a peer that was away for seconds is no gateway for up to 60 seconds more.
 */
const RESOLICIT = "mcast_resolicit";

/** An address of the host, with the length of its network's prefix, to which the kernel makes a route. */
export interface ManagedAddress {
  address: string;
  length: number;
}

/** What a step has changed: what was there before, or what was not there. It can be written down as JSON. */
export type Change =
  | { kind: "mac"; before: string }
  | { kind: "mtu"; before: number }
  | { kind: "up"; before: boolean }
  | { kind: "setting"; name: string; group: SettingGroup; before: string }
  | { kind: "address"; added: ManagedAddress }
  | { kind: "route"; added: Route };

/** What an interface has lost since, as the first change has it, and the addresses that the kernel takes away as it goes down. */
export interface Undo {
  changes: readonly Change[];
  addresses: readonly ManagedAddress[];
}

/** Hears of each step that changed something: what the interface has since, and what it had. */
type Listener = (what: string, change: Change) => void;

/**
 * Gives an interface its MAC, MTU and addresses, and brings it up. What already is as it should be is left
 * alone, so that an interface which somebody else has prepared needs no privilege.
 *
 * @returns for `putBack`
 * @throws TapError where a step fails; the steps before it have been put back
 */
export function setUp(device: Device, setup: Setup): Undo {
  const addresses = device.addresses;
  const changes: Change[] = [];
  try {
    bring(device, setup, (_, change) => changes.push(change), addresses);
  } catch (error) {
    failureOf(() => putBack(device, { changes, addresses })); // what failed first says more
    throw error;
  }
  return { changes, addresses };
}

/**
 * Puts an interface back as `setUp` found it. What is gone is no error.
 *
 * @throws TapError for the first step that fails; the others are done
 */
export function putBack(device: Device, { changes, addresses }: Undo): void {
  const steps = [...changes].reverse().map((change) => () => undo(device, change));
  const failures = [...steps, () => addAddresses(device, addresses)]
    .map(failureOf)
    .filter((failure) => failure !== undefined);
  if (failures.length > 0) throw failures[0];
}

function undo(device: Device, change: Change): void {
  switch (change.kind) {
    case "mac":
      device.mac = change.before;
      return;
    case "mtu":
      device.mtu = change.before;
      return;
    case "up":
      device.up = change.before;
      return;
    case "setting":
      device.changeSetting(change.name, change.before, change.group);
      return;
    case "address":
      device.removeAddress(change.added.address, change.added.length);
      return;
    case "route":
      device.removeRoute(change.added);
  }
}

/**
 * Gives an interface back what it lacks of its setup.
 *
 * @param linkLocal whether it has had its link-local address: the kernel gives it that some time after it came up
 * @returns what it lacked, as in "MTU 2800"
 * @throws TapError where a step fails, or another host of the network uses an address of the setup
 */
export function restore(device: Device, setup: Setup, linkLocal: boolean): string[] {
  const restored: string[] = [];
  const wasUp = device.up;
  bring(device, setup, (what) => restored.push(what));
  const own = { address: linkLocalAddress(setup.mac), length: 64 };
  if (linkLocal && device.addAddress(own.address, own.length)) restored.push(addressText(own));
  return restored.filter((what) => !(what === "up" && wasUp)); // it went down for its MAC
}

/** The link-local address that a MAC makes: fe80::/64, and the MAC as an EUI-64 (RFC 2464 §4 and §5). */
export function linkLocalAddress(mac: string): string {
  const [a = 0, b = 0, c = 0, ...rest] = parseMac(mac);
  return formatAddress(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, ...rest));
}

/** Makes an interface as its setup says. */
function bring(device: Device, setup: Setup, did: Listener, kept: readonly ManagedAddress[] = []): void {
  function changeSetting(name: string, value: string, group: SettingGroup = "conf"): void {
    const before = device.setting(name, group);
    if (before === value) return;
    device.changeSetting(name, value, group);
    did(`${name} ${value}`, { kind: "setting", name, group, before });
  }

  const { mac, mtu } = device;
  if (mac !== setup.mac && device.up) {
    device.up = false; // the kernel makes the link-local address when it goes up
    did("up", { kind: "up", before: true });
  }
  if (mac !== setup.mac) {
    device.mac = setup.mac;
    did(`MAC ${setup.mac}`, { kind: "mac", before: mac });
  }
  if (mtu !== setup.mtu) {
    device.mtu = setup.mtu; // below 1,280 there are no settings
    did(`MTU ${setup.mtu}`, { kind: "mtu", before: mtu });
  }
  changeSetting("disable_ipv6", "0");
  changeSetting("addr_gen_mode", "0"); // from the MAC (EUI-64), by which other hosts know it
  if (!setup.acceptRouters) {
    for (const name of ROUTER_SETTINGS) {
      const hint = `set net.ipv6.conf.default.${name} to 0 before, or choose to accept routers`;
      withHint(hint, () => changeSetting(name, "0")); // before it is up
    }
  }
  if (setup.routes.length > 0) {
    const hint = `set net.ipv6.neigh.default.${RESOLICIT} to 1 before`;
    withHint(hint, () => changeSetting(RESOLICIT, "1", "neigh"));
  }
  if (!device.up) {
    device.up = true;
    did("up", { kind: "up", before: false });
  }
  addAddresses(device, kept);
  for (const own of setup.addresses) {
    if (!device.addAddress(own.address, own.length)) continue;
    did(addressText(own), { kind: "address", added: own });
  }
  addRoutes(device, setup.routes, did);
}

/** Adds routes, unless another program takes the interface down at this moment: the keeper will hear of that. */
function addRoutes(device: Device, routes: readonly Route[], did: Listener): void {
  const there = device.routes;
  try {
    for (const route of routes) {
      if (there.has(routeKey(route))) continue; // to say so, the kernel asks for privilege
      if (device.addRoute(route)) did(routeText(route), { kind: "route", added: route });
    }
  } catch (error) {
    if (!(error instanceof TapError && error.code === "ENETDOWN")) throw error;
  }
}

function addAddresses(device: Device, addresses: readonly ManagedAddress[]): void {
  for (const { address, length } of addresses) device.addAddress(address, length);
}

function addressText({ address, length }: ManagedAddress): string {
  return `address ${address}/${length}`;
}

/** Where a setting cannot be changed, as in many containers, says what else can be done. */
function withHint(hint: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    if (!(error instanceof TapError)) throw error;
    throw new TapError(`${error.message}: ${hint}`, error.code);
  }
}

/** What the system says of an interface, a setting, an address or IPv6 that is not there any more. */
const GONE = ["ENODEV", "ENOENT", "EADDRNOTAVAIL", "ENXIO"];

/** Why a step of putting back failed. It does not where what it would put back is gone. */
function failureOf(step: () => void): unknown {
  try {
    step();
    return undefined;
  } catch (error) {
    return error instanceof TapError && GONE.includes(error.code) ? undefined : error;
  }
}
