import { InputError, Network } from "sixplane";
import { Failure } from "../io/failure.ts";
import type { Joined } from "../zerotier/networks.ts";
import { type Finding, found, type Result, subjectOf } from "./check.ts";
import { HOST_CHECKS, NETWORK_CHECKS } from "./checks/index.ts";
import { notRunning } from "./checks/service.ts";
import { probe } from "./probe/probe.ts";
import { parseTarget } from "./probe/target.ts";
import { zerotierCli } from "./service.ts";
import { type HostState, Unseen } from "./state.ts";

/** What a check said, as `--json` prints it. */
export type Said = { check: string; network?: string } & (
  | ({ kind: "finding" } & Finding)
  | { kind: "right" | "unseen"; what: string }
);

/** What to look at: a network instead of all that are joined, and a node or a container's address to probe there. */
export interface Scope {
  only?: Network | undefined;
  probe?: string | undefined;
}

/**
 * Runs every check of the host, and of a network or of all that it has joined.
 *
 * @throws Failure where the service answers what cannot be read
 * @throws InputError where the probe names nothing in the network, or the network to probe is left open
 */
export async function examine(state: HostState, { only, probe }: Scope): Promise<Said[]> {
  const said: Said[] = [];
  for (const { name, run } of HOST_CHECKS) {
    const results = named(name, undefined, await tried(state, () => run(state)));
    // Several ask the service, and what keeps it from answering is said once.
    said.push(...results.filter(({ what }) => !said.some((before) => before.what === what)));
  }
  let networks: Joined[];
  try {
    networks = await state.networks();
  } catch (error) {
    if (error instanceof Failure || error instanceof Unseen) return said;
    throw error;
  }
  if (probe !== undefined && !only && networks.length > 1)
    throw new InputError("give the ID of the network to probe: this host has joined several");
  const chosen = networks.filter(({ id }) => !only || id === only.id);
  if (only && chosen.length === 0) return [...said, ...named("joined", only.id, [notJoined(state, only)])];
  for (const joined of chosen) said.push(...(await examineNetwork(state, joined, probe)));
  return said;
}

async function examineNetwork(state: HostState, joined: Joined, probed: string | undefined): Promise<Said[]> {
  const network = new Network(joined.id);
  const target = probed === undefined ? undefined : parseTarget(network, probed);
  const { address } = await state.node();
  const said: Said[] = [];
  for (const subject of await tried(state, () => [subjectOf(state, network, address, joined)])) {
    if ("kind" in subject) return named("interfaces", network.id, [subject]);
    for (const { name, run } of NETWORK_CHECKS)
      said.push(...named(name, network.id, await tried(state, () => run(subject))));
    if (target) said.push(...named("probe", network.id, await probe(subject, target)));
  }
  return said;
}

/** What a check says, or that it cannot see, or that the service cannot be asked. */
async function tried<T>(state: HostState, run: () => Promise<T[]> | T[]): Promise<(T | Result)[]> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Unseen) return [{ kind: "unseen", what: error.message }];
    if (error instanceof Failure) return [notRunning(state, error)];
    throw error;
  }
}

function named(check: string, network: string | undefined, results: Result[]): Said[] {
  return results.map((result) => ({
    check,
    ...(network === undefined ? {} : { network }),
    ...(result.kind === "finding" ? { kind: result.kind, ...result.finding } : result),
  }));
}

function notJoined(state: HostState, { id }: Network): Result {
  return found({
    what: `This host has not joined network ${id}.`,
    why: "It has no interface and no address there.",
    mend: [zerotierCli(state, "join", id)],
  });
}
