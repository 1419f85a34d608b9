import { InputError, mismatch } from "sixplane";
import { bridgeAddress, bridgeOf, bridgeOption } from "../bridge.ts";
import { MTU, mtuOf } from "../mtu.ts";
import { addressByName, type Subnet } from "../subnet.ts";
import type { Notes } from "../syntax.ts";
import { type ConfigFile, type GivenHost, hostTarget } from "../target.ts";

interface NspawnOptions {
  machine: string;
  bridge?: string;
  mtu?: string;
}

/** What the files are made of. */
interface Values {
  machine: string;
  bridge: { name: string; origin: string };
  mtu: { bytes: number; origin: string };
  /** Of the machine, with the length of the prefix on the bridge. */
  address: string;
  gateway: string;
  whose: string;
  notes: Notes;
}

/** systemd-nspawn calls the machine's interface on the host vb- and the machine's name; a name of Linux has 15 letters. */
const MOST_LETTERS = 12;

/** In a longer prefix, two of a few machines could get one address. */
const MOST_LENGTH = 112;

/** What makes each file, by its name. */
const FILES = {
  "machine.nspawn": machineSettings,
  "machine.network": machineNetwork,
  "port.network": portNetwork,
} satisfies Record<string, (values: Values) => ConfigFile>;

export const nspawn = hostTarget<NspawnOptions>({
  name: "nspawn",
  summary: "a container of systemd-nspawn with an address of this host, for machinectl",
  help: `\
With -o /etc, each file goes to its place. systemd/nspawn/NAME.nspawn puts the machine of
that name on the bridge that sixplane config networkd makes. Beside it is the file by
which systemd-networkd in the machine gives host0 its address; it is bound into the
machine, whose own files stay as they are. In systemd/network is the file by which the
host's networkd gives the machine's port the MTU. The address is always the same for a
name, of letters, digits and hyphens, 12 at most.`,
  example: "sixplane config nspawn --network 8056c2e21c000001 --node 89e92ceee5 --machine web",
  subnets: "one",
  files: Object.keys(FILES),
  options: [
    { flags: "--machine <name>", description: "the machine's name, as machinectl has it", required: true },
    bridgeOption("br"),
    MTU,
  ],
  write(given, options) {
    const values = valuesOf(given, options);
    return { files: Object.values(FILES).map((make) => make(values)) };
  },
});

function valuesOf(given: GivenHost, { machine, bridge, mtu }: NspawnOptions): Values {
  const {
    host,
    subnets: [subnet],
    notes,
  } = given;
  checkMachine(machine);
  checkLength(subnet);
  const { prefix } = subnet ?? host.sixplane;
  return {
    machine,
    bridge: bridgeOf("br", bridge, subnet),
    mtu: mtuOf(mtu, given),
    address: `${addressByName(prefix, machine)}/${prefix.length}`,
    gateway: bridgeAddress(prefix),
    whose: subnet ? "sub-prefix" : "host prefix",
    notes,
  };
}

function machineSettings({ machine, bridge, notes }: Values): ConfigFile {
  return file(
    "machine.nspawn",
    `systemd/nspawn/${machine}.nspawn`,
    [
      ...notes,
      `Bridge ${bridge.name}: ${bridge.origin}; sixplane config networkd makes it`,
      "BindReadOnly: systemd-networkd in the machine reads the file that is beside this one",
    ],
    [
      "[Network]",
      `Bridge=${bridge.name}`,
      "",
      "[Files]",
      `BindReadOnly=/etc/${machineNetworkPath(machine)}:/etc/systemd/network/50-sixplane.network`,
    ],
  );
}

function machineNetwork({ machine, mtu, address, gateway, whose, notes }: Values): ConfigFile {
  return file(
    "machine.network",
    machineNetworkPath(machine),
    [
      ...notes,
      "Virtualization container, Name host0: what systemd-nspawn calls the machine's interface",
      `MTUBytes ${mtu.bytes}: ${mtu.origin}`,
      `Address ${address}: of the ${whose}, by the machine's name, ${machine}`,
      `Gateway ${gateway}: the second address of the ${whose}, which the bridge has`,
      "IPv6AcceptRA no: no router is asked for, as the host is the only one",
    ],
    [
      "[Match]",
      "Virtualization=container",
      "Name=host0",
      "",
      "[Link]",
      `MTUBytes=${mtu.bytes}`,
      "",
      "[Network]",
      "IPv6AcceptRA=no",
      `Address=${address}`,
      `Gateway=${gateway}`,
    ],
  );
}

/** Below /etc. networkd of the host does not look there. */
function machineNetworkPath(machine: string): string {
  return `systemd/nspawn/sixplane-${machine}.network`;
}

function portNetwork({ machine, mtu, notes }: Values): ConfigFile {
  return file(
    "port.network",
    `systemd/network/50-sixplane-port-${machine}.network`,
    [
      ...notes,
      `Name vb-${machine}: what systemd-nspawn calls the machine's interface on the host`,
      `MTUBytes ${mtu.bytes}: ${mtu.origin}`,
      "KeepMaster yes: it stays on its bridge",
      "LinkLocalAddressing no: the bridge has the host's addresses",
    ],
    [
      "[Match]",
      `Name=vb-${machine}`,
      "",
      "[Link]",
      `MTUBytes=${mtu.bytes}`,
      "RequiredForOnline=no",
      "",
      "[Network]",
      "KeepMaster=yes",
      "LinkLocalAddressing=no",
    ],
  );
}

function file(name: string, path: string, notes: Notes, lines: string[]): ConfigFile {
  return { name, path, syntax: "#", notes, body: `${lines.join("\n")}\n` };
}

function checkMachine(name: string): void {
  const isName = /^[a-z\d]([a-z\d-]*[a-z\d])?$/i.test(name) && name.length <= MOST_LETTERS;
  const expected = `up to ${MOST_LETTERS} letters, digits and hyphens, no hyphen first or last`;
  if (!isName) throw mismatch("machine", expected, name);
}

function checkLength(subnet: Subnet | undefined): void {
  if (subnet === undefined || subnet.prefix.length <= MOST_LENGTH) return;
  throw new InputError(
    `nspawn takes sub-prefixes up to /${MOST_LENGTH}, as ${subnet.prefix} has few addresses to choose from by a name`,
  );
}
