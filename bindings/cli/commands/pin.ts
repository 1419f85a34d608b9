import { type Mode, mismatch, Network } from "sixplane";
import type { Device, Libc, Setup, Undo } from "sixplane/tap";
import { Bpf } from "../../ebpf/kernel/bpf.ts";
import { addClsact, removeFilter } from "../../ebpf/kernel/clsact.ts";
import type { Loaded } from "../../ebpf/kernel/loaded.ts";
import { Pins, pinned } from "../../ebpf/kernel/pins.ts";
import { COUNTERS } from "../../ebpf/program/memory.ts";
import { Failure } from "../io/failure.ts";
import type { Output } from "../io/output.ts";
import { warn } from "../io/text.ts";
import { checkName, indexOf, reported, usable } from "./interface.ts";
import { type Counters, countersOf } from "./kernel-counters.ts";

/** What is known of a pinned responder, beside its counters. */
interface State {
  network: string;
  node: string;
  modes: Mode[];
  probes: boolean;
  /** Whether it is a filter of clsact, and that was added for it. */
  clsact: boolean;
  ownClsact: boolean;
  /** What the interface was like before, where it was set up. */
  undo?: Undo | undefined;
}

interface Attached {
  libc: Libc;
  program: Loaded;
  device: Device;
  clsact: boolean;
  setup: Setup | undefined;
  /** Whose solicitations it answers. */
  responding: Pick<State, "network" | "node" | "modes" | "probes">;
  /** Resolves where it is to be given up. */
  stopped: Promise<void>;
  tap: typeof import("sixplane/tap");
}

/** Has a program that is attached stay when this process ends, with its interface set up. @throws Failure, and nothing stays */
export async function pin({
  libc,
  program,
  device,
  clsact,
  setup,
  responding,
  stopped,
  tap,
}: Attached): Promise<void> {
  const pins = new Pins(new Bpf(libc), device.name);
  reported(() => pins.make());
  const { index } = device;
  let ownClsact = false;
  let undo: Undo | undefined;
  try {
    reported(() => {
      if (clsact) ownClsact = addClsact(libc, index);
      if (clsact) program.filter(libc, index);
    });
    undo = setup && tap.setUp(device, setup);
    const state: State = { ...responding, clsact, ownClsact, undo };
    reported(() => pins.pin(program.files, state));
    const inTime = usable(device, setup).then(() => true);
    if (!(await Promise.race([inTime, stopped.then(() => false)])))
      throw new Failure("stopped before it was ready");
  } catch (error) {
    pins.remove();
    if (clsact) removeFilter(libc, index, ownClsact);
    if (undo) tap.putBack(device, undo);
    throw error;
  }
}

/** `sixplane detach INTERFACE` */
export async function detach(output: Output, name: string): Promise<void> {
  const { libc, pins, state, tap } = await find(name);
  const device = new tap.Device(libc, name);
  try {
    pins.remove();
    const index = indexOf(device);
    if (index === undefined)
      return warn(`the interface ${name} is gone, and with it what was attached there`);
    if (state.clsact) reported(() => removeFilter(libc, index, state.ownClsact));
    if (state.undo) tap.putBack(device, state.undo);
  } finally {
    device.close();
  }
  await output.line(`${name} is as it was before`);
}

/** `sixplane counters [INTERFACE]` */
export async function counters(
  output: Output,
  name: string | undefined,
  { json }: { json?: boolean },
): Promise<void> {
  const names = name === undefined ? pinned() : [name];
  if (names.length === 0) throw new Failure("nothing is attached with --pin");
  for (const one of names) {
    const { pins, state } = await find(one);
    const { node, modes, probes } = state;
    const responder = new Network(state.network).responder({ node, modes, probes });
    const counted = reported(() => countersOf(pins.counters(COUNTERS), responder));
    await output.line(json ? JSON.stringify({ name: one, ...counted }) : textOf(one, counted));
  }
}

/** What is pinned for an interface. @throws InputError where nothing is */
async function find(name: string) {
  checkName(name);
  const tap = await import("sixplane/tap");
  const libc = await tap.loadLibc();
  const pins = new Pins(new Bpf(libc), name);
  const state = reported(() => pins.state()) as State | undefined;
  if (state === undefined)
    throw mismatch("interface", "one to which something was attached with --pin", name);
  return { tap, libc, pins, state };
}

function textOf(name: string, { reply, pass, invalid, reasons, tooLong, dropped }: Counters): string {
  const others = { ...reasons, "too-long": tooLong, failed: dropped.failed };
  const lines = Object.entries(others).filter(([, count]) => count > 0);
  const all = [`${name}: ${reply} answered, ${pass} passed on, ${invalid} dropped as invalid`];
  return [...all, ...lines.map(([reason, count]) => `  ${reason} ${count}`)].join("\n");
}
