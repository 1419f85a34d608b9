import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { InputError } from "sixplane";
import type { Libc } from "sixplane/tap";
import { Bpf } from "../../ebpf/kernel/bpf.ts";
import { BpfError } from "../../ebpf/kernel/error.ts";
import { PROBES, ROUTERS, recordOf } from "../../ebpf/kernel/record.ts";
import { isThere } from "../../ebpf/kernel/vxlan.ts";
import { MOST_PEERS } from "../../ebpf/program/tunnel.ts";
import { MAPPED } from "../../fabric/endpoint.ts";
import { KernelFabric } from "../../fabric/kernel/kernel-fabric.ts";
import { Programs } from "../../fabric/kernel/programs.ts";
import { locate, locateAll } from "../../fabric/locate.ts";
import { limitsFor, neighbourTableSize } from "../../fabric/newcomers.ts";
import type { Peer } from "../../fabric/peer.ts";
import { chooseMtu, narrowestWay, room } from "../../fabric/underlay.ts";
import { Failure } from "../io/failure.ts";
import { Guard } from "./interface-guard.ts";
import { KernelPath } from "./kernel-path.ts";
import type { DataPath, PathOptions } from "./up-path.ts";

/** Why the kernel cannot carry the frames: a TAP may. */
export class NoKernelPath extends Error {
  /** Whether that is for what was asked for, and not for where. */
  readonly isInput: boolean;

  constructor(reason: string, isInput = false) {
    super(reason);
    this.isInput = isInput;
  }
}

const CORE = fileURLToPath(new URL("sixplane.wasm", import.meta.url));
/** All addresses of the machine. */
const ANY = "::";

/**
 * An interface of VXLAN and programs around it: the frames stay in the kernel.
 *
 * @throws NoKernelPath where that cannot be
 */
export async function openKernelPath(options: PathOptions): Promise<DataPath> {
  checkOptions(options);
  const { network, listen } = options;
  const find = async (peer: Peer) => plain(await locate(network, peer, ANY));
  const findAll = async (all: readonly Peer[]) => {
    const found = (await locateAll(network, all, ANY)).map(plain);
    for (const peer of found) checkPeer(peer, listen.port);
    if (found.length > MOST_PEERS)
      throw new NoKernelPath(`it has room for ${MOST_PEERS} peers, not for ${found.length}`, true);
    return found;
  };
  const peers = await findAll(options.peers);
  const tap = await import("sixplane/tap"); // which the command line loads only where it is needed
  const libc = await tap.loadLibc();
  const { mtu, way } = options.mtu === undefined ? await chooseMtu(peers) : { mtu: options.mtu };
  if (way === undefined || room(way) < mtu) await checkMtu(peers, mtu); // what was chosen fits every way otherwise
  const setupFor = (all: readonly Peer[]) =>
    tap.setupOf(network, { ...options, peers: all.map(({ node }) => node), unreachable: true, mtu });
  const setup = setupFor(peers);
  const routes = setup.routes.filter(({ unreachable }) => unreachable);
  const programs = orNot(() => new Programs(new Bpf(libc), programOptions(options)));
  let guard: Guard | undefined;
  try {
    guard = await Guard.start({ name: options.name, port: listen.port, routes }).catch(obstacle);
    const { name } = guard;
    attach(programs, libc, tap.Device, name);
    const { listener, multicast } = options;
    const groups = multicast === "forward";
    const parts = { programs, port: listen.port, groups, listener, locate: find };
    const fabric = new KernelFabric(network, peers, parts); // before the interface is up
    const kept = orNot(() => new tap.KeptInterface(libc, name, setup), tap.TapError);
    const changes = new tap.Changes(libc, kept.changes, kept.index);
    const { node, modes, probes } = options;
    const responder = network.responder({ node, modes, probes });
    return new KernelPath(options, {
      locateAll: findAll,
      routesTo: (all) => setupFor(all).routes,
      setup,
      routes,
      way,
      libc,
      programs,
      guard,
      kept,
      fabric,
      changes,
      responder,
      tap,
    });
  } catch (error) {
    await guard?.[Symbol.asyncDispose]();
    programs.close();
    throw error;
  }
}

/** What an interface of VXLAN and its programs cannot do. @throws NoKernelPath for each such option */
function checkOptions({ listen, repliesPerSecond, name }: PathOptions): void {
  const refuse = (reason: string) => {
    throw new NoKernelPath(reason, true);
  };
  if (listen.host !== ANY) refuse(`it listens on all addresses of the machine, not on ${listen.host} alone`);
  if (listen.port === 0) refuse("it listens on a port that is given, not on any");
  if (repliesPerSecond !== undefined) refuse("it has no --rate");
  if (isThere(name)) refuse(`it makes an interface of its own, and ${name} is there`);
}

/** A peer is told by its address alone. */
function checkPeer({ node, endpoint }: Peer, port: number): void {
  if (endpoint.port !== port)
    throw new NoKernelPath(
      `all hosts listen on one port, and peer ${node} not on ${port}, but ${endpoint.port}`,
      true,
    );
  if (endpoint.host.includes("%"))
    throw new NoKernelPath(
      `it sends over no chosen interface, as ${endpoint.host} of peer ${node} asks for`,
      true,
    );
}

/** Over IPv6, the kernel sends no fragments. */
async function checkMtu(peers: readonly Peer[], mtu: number): Promise<void> {
  const way = await narrowestWay(peers.filter(({ endpoint }) => isIP(endpoint.host) === 6));
  if (way === undefined || mtu <= room(way)) return;
  throw new NoKernelPath(
    `it sends no fragments over IPv6: the way to peer ${way.node} takes an --mtu of ${room(way)}, not of ${mtu}`,
    true,
  );
}

function programOptions({ network, node, modes, probes, acceptRouters }: PathOptions) {
  return {
    core: new Uint8Array(readFileSync(CORE)),
    responder: recordOf(network.id, node, modes, probes ? PROBES : 0),
    policy: recordOf(network.id, node, modes, acceptRouters ? ROUTERS : 0),
    vni: Number.parseInt(network.id.slice(-6), 16),
    limits: limitsFor(neighbourTableSize()),
  };
}

function attach(
  programs: Programs,
  libc: Libc,
  Device: typeof import("sixplane/tap").Device,
  name: string,
): void {
  const device = new Device(libc, name);
  try {
    orNot(() => programs.attach(libc, device.index));
  } finally {
    device.close();
  }
}

/** What the kernel refuses, a TAP may do. */
function orNot<Result>(work: () => Result, ...kinds: (new (...values: never[]) => Error)[]): Result {
  try {
    return work();
  } catch (error) {
    if ([BpfError, ...kinds].some((kind) => error instanceof kind)) return obstacle(error as Error);
    throw error;
  }
}

function obstacle(error: Error): never {
  throw error instanceof Failure || !(error instanceof InputError) ? new NoKernelPath(error.message) : error;
}

/** An IPv4 address as it was, where a socket of IPv6 would have it mapped. */
function plain(peer: Peer): Peer {
  const { host, port } = peer.endpoint;
  return { ...peer, endpoint: { host: host.startsWith(MAPPED) ? host.slice(MAPPED.length) : host, port } };
}
