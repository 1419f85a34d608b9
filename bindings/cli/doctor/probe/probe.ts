// Active probes of another node: which leg of the way to its containers fails, and what that means.

import { InputError } from "sixplane";
import { type Result, type Subject, unseen } from "../check.ts";
import { Unseen } from "../state.ts";
import { container, host, otherAddress } from "./legs.ts";
import type { Target } from "./target.ts";

/** The legs of the way. Each builds on the one before, so nothing is tried after the first that fails. */
const LEGS = [host, otherAddress, container];

/**
 * Pings a node, then again from an address that no certificate covers, then a container of the node.
 *
 * @throws InputError where the node is this host
 */
export async function probe(subject: Subject, target: Target): Promise<Result[]> {
  const { node } = target.host;
  if (node === subject.host.node)
    throw new InputError(`node ${node} is this host: give another one to probe`);
  const { device } = subject;
  if (!device) return [unseen(`node ${node}, as the network has no interface here`)];
  const results: Result[] = [];
  for (const leg of LEGS) {
    results.push(...(await said(() => leg({ ...subject, device }, target))));
    if (results.some(({ kind }) => kind === "finding")) break;
  }
  return results;
}

/** What a leg says, or that it cannot be tried. */
async function said(leg: () => Promise<Result[]>): Promise<Result[]> {
  try {
    return await leg();
  } catch (error) {
    if (error instanceof Unseen) return [unseen(error.message)];
    throw error;
  }
}
