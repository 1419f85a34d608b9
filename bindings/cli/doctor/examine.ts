import { Network } from "sixplane";
import { Failure } from "../io/failure.ts";
import type { Joined } from "../zerotier/networks.ts";
import { command, type Finding, found, type Result, subjectOf } from "./check.ts";
import { HOST_CHECKS, NETWORK_CHECKS } from "./checks/index.ts";
import { notRunning } from "./checks/service.ts";
import { type HostState, Unseen } from "./state.ts";

/** What a check said, as `--json` prints it. */
export type Said = { check: string; network?: string } & (
  | ({ kind: "finding" } & Finding)
  | { kind: "right" | "unseen"; what: string }
);

/**
 * Runs every check of the host, and of a network or of all that it has joined.
 *
 * @throws Failure where the service answers what cannot be read
 */
export async function examine(state: HostState, only?: Network): Promise<Said[]> {
  const said: Said[] = [];
  for (const { name, run } of HOST_CHECKS)
    said.push(...named(name, undefined, await tried(() => run(state))));
  let networks: Joined[];
  try {
    networks = await state.networks();
  } catch (error) {
    if (error instanceof Failure) return said;
    throw error;
  }
  const chosen = networks.filter(({ id }) => !only || id === only.id);
  if (only && chosen.length === 0) return [...said, ...named("joined", only.id, [notJoined(only)])];
  const { address } = await state.node();
  for (const joined of chosen) {
    const network = new Network(joined.id);
    const subject = await tried(() => [subjectOf(state, network, address, joined)]);
    for (const one of subject) {
      if ("kind" in one) said.push(...named("interfaces", network.id, [one]));
      else
        for (const { name, run } of NETWORK_CHECKS)
          said.push(...named(name, network.id, await tried(() => run(one))));
    }
  }
  return said;
}

/** What a check says, or that it cannot see, or that the service cannot be asked. */
async function tried<T>(run: () => Promise<T[]> | T[]): Promise<(T | Result)[]> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Unseen) return [{ kind: "unseen", what: error.message }];
    if (error instanceof Failure) return [notRunning(error)];
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

function notJoined({ id }: Network): Result {
  return found({
    what: `This host has not joined network ${id}.`,
    why: "It has no interface and no address there.",
    mend: [command("zerotier-cli", "join", id)],
  });
}
