import { InputError, type Mode, mismatch, Network } from "sixplane";
import { MOST_COPIES } from "../../ebpf/program/tunnel.ts";
import { type Endpoint, parseEndpoint } from "../../fabric/endpoint.ts";
import { MOST_MTU } from "../../fabric/fabric.ts";
import { type Peer, parsePeer } from "../../fabric/peer.ts";
import type { Way } from "../../fabric/underlay.ts";
import { LEAST_MTU, MOST_REPLIES } from "../../tap/limits.ts";
import { Failure } from "../io/failure.ts";
import { parseWhole } from "../io/number.ts";
import type { Output } from "../io/output.ts";
import { END_SIGNALS, whenStopped } from "../io/stopped.ts";
import { warn } from "../io/text.ts";
import { chooseNode, type Folder, warnOfReserved } from "../zerotier/identity.ts";
import { readPeers } from "./peers-file.ts";
import { NoKernelPath, openKernelPath } from "./up-kernel.ts";
import { Notices } from "./up-notices.ts";
import type { DataPath, PathOptions } from "./up-path.ts";
import { fabricListener } from "./up-peers.ts";
import { counted, Report } from "./up-report.ts";
import { openTapPath } from "./up-tap.ts";

export interface UpOptions {
  network: string;
  node?: string;
  zerotier?: Folder;
  name: string;
  modes: string;
  probes?: boolean;
  mtu?: string;
  multicast: "forward" | "drop";
  acceptRouters?: boolean;
  rate?: string;
  peer: string[];
  peers?: string;
  listen: string;
  datapath?: "kernel" | "tap";
  json?: boolean;
}

/** How long a reader that is behind may take for the last lines, before they are lost. */
const LAST_LINE_MILLISECONDS = 1000;

const WARNING =
  "what goes to peers is neither encrypted nor authenticated beyond a check of its source: " +
  "for real networks, ZeroTier or another overlay is the fabric";

/** `sixplane up --network N --node N` */
export async function up(output: Output, options: UpOptions): Promise<void> {
  const notices = new Notices(output, options.json === true);
  const request = await readOptions(options, notices);
  const isEnd = (signal: string) => signal !== "SIGHUP" || options.peers === undefined;
  const stopped = whenStopped(output, END_SIGNALS.filter(isEnd)); // before there is anything that must be put back
  const opening = openPath(request, options.datapath);
  if (options.peers !== undefined) reloadOnSignal(opening, request, options, notices);
  const path = await opening;
  stopped.then(() => path.close()).catch(() => {}); // `closed` tells what went wrong
  try {
    warn(WARNING);
    if (path.way) warn(mtuText(path.mtu, path.way));
    warnOfReserved(request.node);
    warnOfMany(path, request);
    await run(path, new Report(output, options.json === true, path, notices));
  } finally {
    setTimeout(() => process.exit(), LAST_LINE_MILLISECONDS).unref();
  }
}

/** @throws InputError for what cannot be */
async function readOptions(options: UpOptions, notices: Notices): Promise<PathOptions> {
  const network = new Network(options.network);
  const { node } = network.host(chooseNode(options.node, options.zerotier).address);
  const peers = await allPeers(network, node, options);
  const { mtu, rate } = options;
  const request: PathOptions = {
    network,
    node,
    modes: options.modes.split(",") as Mode[],
    probes: options.probes === true,
    peers,
    listen: parseListen(options.listen),
    name: options.name,
    mtu: mtu === undefined ? undefined : parseWhole("MTU", mtu, LEAST_MTU, MOST_MTU),
    multicast: options.multicast,
    acceptRouters: options.acceptRouters === true,
    repliesPerSecond: rate === undefined ? undefined : parseWhole("rate", rate, 1, MOST_REPLIES),
    listener: fabricListener(notices, () => request.peers),
    restored: (what) =>
      notices.say(
        { event: "restored", what },
        `another program changed the interface; put back: ${what.join(", ")}`,
      ),
  };
  return request;
}

/**
 * The peers of the words, which must be others, and those of the file, in which the host itself may be: so one file serves all.
 *
 * @throws InputError for bad ones
 */
async function allPeers(network: Network, node: string, { peer, peers: file }: UpOptions): Promise<Peer[]> {
  const peers = peer.map((text) => parsePeer(network, text));
  const own = peers.find((one) => one.node === node);
  if (own) throw mismatch("peer", "another node than this host's own", own.node);
  const listed = file === undefined ? [] : await readPeers(network, file);
  return [...peers, ...listed.filter((one) => one.node !== node)];
}

/** Reads the file of peers again at each SIGHUP, one after the other. */
function reloadOnSignal(
  opening: Promise<DataPath>,
  request: PathOptions,
  options: UpOptions,
  notices: Notices,
): void {
  let last: Promise<unknown> = opening;
  process.on("SIGHUP", () => {
    last = last.then(async () => reload(await opening, request, options, notices)).catch(() => {}); // it was not opened
  });
}

/** Reads the file of peers again. Where something is wrong with it, the old peers stay. */
async function reload(
  path: DataPath,
  request: PathOptions,
  options: UpOptions,
  notices: Notices,
): Promise<void> {
  const { network, node } = request;
  try {
    const peers = await allPeers(network, node, options);
    await path.setPeers(peers);
    request.peers = peers;
    notices.say(
      { event: "peers", peers: peers.length },
      `read ${options.peers} again: ${counted(peers.length, "peer")}`,
    );
    warnOfMany(path, request);
  } catch (error) {
    const { message } = error as Error;
    notices.say({ event: "peers-refused", reason: message }, `the peers stay as they are: ${message}`);
  }
}

function warnOfMany({ kind, peers }: DataPath, { multicast }: PathOptions): void {
  if (kind !== "kernel" || multicast === "drop" || peers <= MOST_COPIES) return;
  warn(`frames to all are withheld, as there are more than ${MOST_COPIES} peers`);
}

/** The data path that is asked for; if none is, the kernel's where that can be. */
async function openPath(request: PathOptions, wanted: UpOptions["datapath"]): Promise<DataPath> {
  if (wanted === "tap") return openTapPath(request);
  try {
    return await openKernelPath(request);
  } catch (error) {
    if (!(error instanceof NoKernelPath)) throw error;
    if (wanted === "kernel")
      throw new (error.isInput ? InputError : Failure)(`--datapath kernel: ${error.message}`);
    warn(`frames go through a TAP: the kernel's data path cannot be used: ${error.message}`);
    return openTapPath(request);
  }
}

/** What was chosen, and why. */
function mtuText(mtu: number, { node, interface: name, mtu: underlay, overhead }: Way): string {
  const least = mtu > underlay - overhead ? `, and IPv6 needs ${LEAST_MTU}` : "";
  return (
    `the MTU is ${mtu}, as ${name}, which leads to peer ${node}, has ${underlay}, VXLAN takes ${overhead}${least}: ` +
    "--mtu sets another"
  );
}

/** Runs until the data path is closed, or its interface gone. */
async function run(path: DataPath, report: Report): Promise<void> {
  try {
    await Promise.race([path.closed, path.usable().then(() => report.start())]);
    await path.closed;
  } finally {
    await path.close();
    report.end();
  }
}

/** `PORT`, `HOST` or `HOST:PORT`. */
function parseListen(text: string): Endpoint {
  const isPort = /^\d+$/.test(text);
  if (!isPort) return parseEndpoint("address to listen on", text);
  return { host: "::", port: parseWhole("port to listen on", text, 0, 0xffff) };
}
