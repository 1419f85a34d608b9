import { type Host, InputError, mismatch, type Network } from "sixplane";
import { formatEndpoint } from "../../../fabric/endpoint.ts";
import { warn } from "../../io/text.ts";
import { warnOfReserved } from "../../zerotier/identity.ts";
import { endpointOf } from "../endpoint.ts";
import { LAST_METRIC } from "../metric.ts";
import {
  byNode,
  fieldOf,
  LIST_HELP,
  type ListedNode,
  lineOf,
  nodesOption,
  originOf,
  readNodes,
} from "../nodes.ts";
import type { Notes } from "../syntax.ts";
import { type ConfigFile, networkTarget } from "../target.ts";

interface WireguardOptions {
  nodes: string;
  node?: string;
  keyFile: string;
}

/** A node of the list, by all of its lines. */
interface Peer {
  host: Host;
  names: string[];
  key: string;
  /** Where it listens, as wg(8) takes it; undefined for a node that others cannot reach first. */
  endpoint: { text: string; port: number } | undefined;
}

/** Where a host's own private key is; wg-quick puts the interface's name in the place of %i. */
const KEY_FILE = "/etc/wireguard/%i.key";

/** The port of the examples of WireGuard's own documentation (wg(8)). */
const PORT = 51820;

/** How often a host behind NAT keeps its mapping alive (wg(8), PersistentKeepalive). */
const KEEPALIVE_SECONDS = 25;

/** Each file has all nodes, so their size grows with the square of the number. */
const MOST_FILES = 500;

export const wireguard = networkTarget<WireguardOptions>({
  name: "wireguard",
  summary: "for each node of a list, the wg-quick file by which WireGuard carries the network",
  help: `\
${LIST_HELP}
Behind the name, each node has key=ITS_PUBLIC_KEY, as wg pubkey prints it, and
endpoint=HOST:PORT where others reach it. Private keys are in no list: each host reads
its own from --key-file. With -o, each node's file goes into the folder, under its node
address. A host's file becomes /etc/wireguard/NAME.conf there, for wg-quick up NAME.`,
  example:
    "echo 89e92ceee5 web key=$(head -c 32 /dev/zero | base64) | sixplane config wireguard --network 8056c2e21c000001 --nodes -",
  options: [
    { ...nodesOption("the list of nodes"), required: true },
    { flags: "--node <address>", description: "write the file of this node only" },
    {
      flags: "--key-file <path>",
      description: "where each host has its private key; %i is the interface's name",
      usual: KEY_FILE,
    },
  ],
  async write({ network, notes }, { nodes, node, keyFile }) {
    checkKeyFile(keyFile);
    const peers = peersOf(network, await readNodes(network, nodes));
    for (const { host } of peers) warnOfReserved(host.node);
    warnOfUnreachable(peers);
    const wanted = node === undefined ? peers : peers.filter(({ host }) => host.node === node);
    if (wanted.length > MOST_FILES)
      throw new InputError(
        `the list has ${wanted.length} nodes, more than the ${MOST_FILES} whose files are written at once: give --node`,
      );
    if (wanted.length === 0) throw mismatch("node address", "one of the list", node);
    const origin = originOf(nodes);
    return { files: wanted.map((own) => fileOf(network, own, peers, { keyFile, origin, notes })) };
  },
});

function fileOf(
  network: Network,
  own: Peer,
  peers: Peer[],
  { keyFile, origin, notes }: { keyFile: string; origin: string; notes: Notes },
): ConfigFile {
  const { host, names, endpoint } = own;
  const nowhere = [network.sixplane, network.rfc4193];
  const lines = [
    "[Interface]",
    `Address = ${host.sixplane.address}/128, ${host.rfc4193.address}/128`,
    ...(endpoint ? [`ListenPort = ${endpoint.port}`] : []),
    `PostUp = wg set %i private-key ${keyFile}`,
    ...nowhere.map((prefix) => `PostUp = ip -6 route replace unreachable ${prefix} metric ${LAST_METRIC}`),
    ...peers.filter((peer) => peer !== own).flatMap((peer) => peerLines(peer, endpoint !== undefined)),
  ];
  return {
    name: `${host.node}.conf`,
    syntax: "#",
    notes: [
      ...notes,
      `node ${[host.node, ...names].join(" ")}: this host, from ${origin}`,
      `private-key ${keyFile}: the host's own, which is in no list`,
      "unreachable routes: packets for the network never leave in clear, also while WireGuard is down",
      "PublicKey and Endpoint: those of the list",
      "AllowedIPs: the /80 and the RFC 4193 address of each node; packets from others in its name are dropped",
    ],
    body: `${lines.join("\n")}\n`,
  };
}

function peerLines({ host, names, key, endpoint }: Peer, isReachable: boolean): string[] {
  return [
    "",
    "[Peer]",
    `# node ${[host.node, ...names].join(" ")}`,
    `PublicKey = ${key}`,
    `AllowedIPs = ${host.sixplane.prefix}, ${host.rfc4193.address}/128`,
    ...(endpoint ? [`Endpoint = ${endpoint.text}`] : []),
    ...(endpoint && !isReachable ? [`PersistentKeepalive = ${KEEPALIVE_SECONDS}`] : []),
  ];
}

/** The nodes of a list, each once, with what all of its lines say. */
function peersOf(network: Network, list: readonly ListedNode[]): Peer[] {
  const lines = new Map<string, number>();
  return byNode(list).map((same) => {
    const [first] = same;
    const key = fieldOf(same, "key");
    if (!key) throw new InputError(`${lineOf(first.line)}: node ${first.host.node} has no key=PUBLIC_KEY`);
    checkKey(key.line, key.value);
    const earlier = lines.get(key.value);
    if (earlier !== undefined)
      throw new InputError(`${lineOf(key.line)} has the key of another node, which line ${earlier} has`);
    lines.set(key.value, key.line);
    const endpoint = fieldOf(same, "endpoint");
    return {
      host: first.host,
      names: same.flatMap(({ line, name }) => (name === undefined ? [] : [checkComment(line, name)])),
      key: key.value,
      endpoint: endpoint && parsed(network, endpoint),
    };
  });
}

/** 32 bytes in base64, as wg(8) prints them: the last of 43 digits has two bits to spare. */
function checkKey(line: number, key: string): void {
  if (/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(key)) return;
  throw mismatch(`key in ${lineOf(line)}`, "a public key of WireGuard: 44 characters of base64", key);
}

/** A name goes into a comment, and nothing else. */
function checkComment(line: number, name: string): string {
  if (/^[\w.*-]+$/.test(name)) return name;
  throw mismatch(`name in ${lineOf(line)}`, "letters, digits, hyphens and dots", name);
}

/** An endpoint, as wg(8) takes it. */
function parsed(network: Network, { line, value }: { line: number; value: string }): Peer["endpoint"] {
  const endpoint = endpointOf(network, line, value, PORT);
  return { text: formatEndpoint(endpoint), port: endpoint.port };
}

/** The path goes to a shell, by PostUp. */
function checkKeyFile(path: string): void {
  if (/^\/([\w.@-]|%i|\/)+$/.test(path)) return;
  throw mismatch("key file", "an absolute path of letters, digits and . _ - @ %i", path);
}

/** Says on stderr which nodes cannot reach each other, as neither knows where the other is. */
function warnOfUnreachable(peers: readonly Peer[]): void {
  const hidden = peers.filter(({ endpoint }) => !endpoint).map(({ host }) => host.node);
  if (hidden.length > 1)
    warn(`these nodes have no endpoint, so none of them reaches another: ${hidden.slice(0, 9).join(", ")}`);
}
