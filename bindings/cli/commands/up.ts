import { type Mode, mismatch, Network } from "sixplane";
import type { Tap, TapOptions } from "sixplane/tap";
import { type Endpoint, parseEndpoint } from "../../fabric/endpoint.ts";
import { MOST_MTU, openFabric } from "../../fabric/fabric.ts";
import { parsePeer } from "../../fabric/peer.ts";
import type { Way } from "../../fabric/underlay.ts";
import { Unreachable } from "../../fabric/unreachable.ts";
import { LEAST_MTU, MOST_REPLIES } from "../../tap/limits.ts";
import { parseWhole } from "../io/number.ts";
import type { Output } from "../io/output.ts";
import { warn } from "../io/text.ts";
import { chooseNode, type Folder, warnOfReserved } from "../zerotier/identity.ts";
import { Notices } from "./up-notices.ts";
import { fabricListener } from "./up-peers.ts";
import { Report } from "./up-report.ts";

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
  listen: string;
  json?: boolean;
}

const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/** How long a reader that is behind may take for the last lines, before they are lost. */
const LAST_LINE_MILLISECONDS = 1000;

const WARNING =
  "what goes to peers is neither encrypted nor authenticated beyond a check of its source: " +
  "for real networks, ZeroTier or another overlay is the fabric";

/** `sixplane up --network N --node N` */
export async function up(output: Output, options: UpOptions): Promise<void> {
  const network = new Network(options.network);
  const { node } = network.host(chooseNode(options.node, options.zerotier).address);
  const peers = options.peer.map((text) => parsePeer(network, text));
  const own = peers.find((peer) => peer.node === node);
  if (own) throw mismatch("peer", "another node than this host's own", own.node);
  const given = options.mtu === undefined ? undefined : parseWhole("MTU", options.mtu, LEAST_MTU, MOST_MTU);
  const { rate } = options;
  const repliesPerSecond = rate === undefined ? undefined : parseWhole("rate", rate, 1, MOST_REPLIES);

  const notices = new Notices(output, options.json === true);
  const fabric = await openFabric(
    network,
    parseListen(options.listen),
    peers,
    fabricListener(notices, peers),
    { routers: options.acceptRouters === true },
  );
  const stopped = whenStopped(output); // before there is anything that must be put back
  try {
    const { mtu, way } = given === undefined ? await fabric.chooseMtu() : { mtu: given };
    const tap = await open({
      network: network.id,
      node,
      name: options.name,
      modes: options.modes.split(",") as Mode[],
      probes: options.probes === true,
      mtu,
      multicast: options.multicast,
      acceptRouters: options.acceptRouters === true,
      peers: peers.map((peer) => peer.node),
      repliesPerSecond,
      restored: (what) =>
        notices.say(
          { event: "restored", what },
          `another program changed the interface; put back: ${what.join(", ")}`,
        ),
      forward: (frames) => fabric.forward(frames),
    });
    fabric.receive = (frame) => tap.inject(frame);
    const unreachable = new Unreachable(network, network.host(node));
    fabric.unknown = (frame) => {
      const error = unreachable.answer(frame);
      if (error) tap.inject(error);
    };
    warn(WARNING);
    if (way) warn(mtuText(mtu, way));
    warnOfReserved(node);
    stopped.then(() => tap.close()).catch(() => {}); // `closed` tells what went wrong
    await run(tap, new Report(output, options.json === true, tap, fabric, notices, way));
  } finally {
    fabric.close();
    setTimeout(() => process.exit(), LAST_LINE_MILLISECONDS).unref();
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

/** Resolves when a signal asks for the end, or nobody reads any more. Further signals do nothing. */
function whenStopped(output: Output): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve());
    output.onUnread = resolve;
  });
}

/** Runs until the TAP is closed, or its interface gone. */
async function run(tap: Tap, report: Report): Promise<void> {
  try {
    await Promise.race([tap.closed, tap.usable().then(() => report.start())]);
    await tap.closed;
  } finally {
    await tap.close();
    report.end();
  }
}

/** The TAP, which the command line loads only where it is needed. */
async function open(options: TapOptions): Promise<Tap> {
  const { openTap } = await import("sixplane/tap");
  return openTap(options);
}

/** `PORT`, `HOST` or `HOST:PORT`. */
function parseListen(text: string): Endpoint {
  const isPort = /^\d+$/.test(text);
  if (!isPort) return parseEndpoint("address to listen on", text);
  return { host: "::", port: parseWhole("port to listen on", text, 0, 0xffff) };
}
