import { readFileSync } from "node:fs";
import { setInterval } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Mode, mismatch, Network } from "sixplane";
import type { Device, Libc } from "sixplane/tap";
import { Bpf } from "../../ebpf/kernel/bpf.ts";
import { Loaded } from "../../ebpf/kernel/loaded.ts";
import { PROBES, recordOf } from "../../ebpf/kernel/record.ts";
import { translate } from "../../ebpf/translate.ts";
import { Failure } from "../io/failure.ts";
import { type Identifiers, networkOf, soleWord } from "../io/identifiers.ts";
import type { Output } from "../io/output.ts";
import { whenStopped } from "../io/stopped.ts";
import { chooseNode, warnOfReserved } from "../zerotier/identity.ts";
import { checkName, indexOf, reported, usable } from "./interface.ts";
import { Guard } from "./interface-guard.ts";
import { type Counters, countersOf } from "./kernel-counters.ts";
import { pin } from "./pin.ts";

export interface AttachOptions {
  modes: string;
  probes?: boolean;
  setup: boolean;
  acceptRouters?: boolean;
  pin?: boolean;
  json?: boolean;
}

const INTERVAL_MILLISECONDS = 1000;
const CORE = fileURLToPath(new URL("sixplane.wasm", import.meta.url));

/** `sixplane attach INTERFACE NETWORK NODE` */
export async function attach(output: Output, given: Identifiers, options: AttachOptions): Promise<void> {
  const { word: name = "", zerotier } = soleWord(given);
  const network = new Network(networkOf(given));
  const { node } = network.host(chooseNode(given.node, zerotier).address);
  const modes = options.modes.split(",") as Mode[];
  const responder = network.responder({ node, modes, probes: options.probes === true });
  const tap = await import("sixplane/tap"); // which the command line loads only where it is needed
  const libc = await tap.loadLibc();
  const device = openDevice(tap, libc, name);
  const stopped = whenStopped(output); // before there is anything that must be put back
  const over = new AbortController();
  const program = load(libc, recordOf(network.id, node, modes, options.probes === true ? PROBES : 0));
  try {
    const clsact = !reported(() => program.attach(device.index));
    warnOfReserved(node);
    const like = {
      node,
      modes,
      peers: undefined,
      mtu: device.mtu,
      acceptRouters: options.acceptRouters === true,
    };
    const setup = options.setup ? tap.setupOf(network, like) : undefined;
    const report = new Report(output, options.json === true, () => countersOf(program.counters(), responder));
    const addresses = setup?.addresses.map(({ address }) => address) ?? [];
    const ready = () => report.ready(name, network.host(node).mac, addresses, program);
    if (options.pin) {
      const responding = { network: network.id, node, modes, probes: options.probes === true };
      await pin({ libc, program, device, clsact, setup, responding, stopped, tap });
      await ready();
      return;
    }
    await using guard = setup || clsact ? await Guard.start({ name, setup, clsact }) : undefined;
    if (clsact) reported(() => program.filter(libc, device.index));
    const isUsable = usable(device, setup).then(() => true);
    if (!(await Promise.race([isUsable, stopped.then(() => false)]))) return;
    await ready();
    await Promise.race([stopped, watch(device, report, over.signal), guard?.ended ?? stopped]);
    report.end();
  } finally {
    over.abort();
    program.close();
    device.close();
  }
}

/** An Ethernet interface of this network namespace. @throws InputError where there is none of that name */
function openDevice({ Device, TapError }: typeof import("sixplane/tap"), libc: Libc, name: string): Device {
  checkName(name);
  const device = new Device(libc, name);
  try {
    if (device.isEthernet) return device;
  } catch (error) {
    device.close();
    if (!(error instanceof TapError) || error.code !== "ENODEV") throw error;
    throw mismatch("interface", "one that is there", name);
  }
  device.close();
  throw mismatch("interface", "one that carries Ethernet frames", name);
}

function load(libc: Libc, record: Uint8Array): Loaded {
  const program = translate(new Uint8Array(readFileSync(CORE)));
  return reported(() => new Loaded(new Bpf(libc), "sixplane", program, record));
}

/** Prints the counters every second, until it is over. @throws Failure when the interface is gone */
async function watch(device: Device, report: Report, over: AbortSignal): Promise<void> {
  const index = device.index;
  for await (const _ of setInterval(INTERVAL_MILLISECONDS, undefined, { signal: over })) {
    if (indexOf(device) !== index) throw new Failure(`the interface ${device.name} is gone`);
    await report.tick();
  }
}

/** What the command prints: a line when it is ready, with `--json` one every second, and the counters at the end. */
class Report {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #counters: () => Counters;

  constructor(output: Output, json: boolean, counters: () => Counters) {
    this.#output = output;
    this.#json = json;
    this.#counters = counters;
  }

  async ready(name: string, mac: string, addresses: string[], { verified }: Loaded): Promise<void> {
    const has = addresses.length > 0 ? `: ${addresses.join(", ")}, MAC ${mac}` : "";
    const line = this.#json
      ? JSON.stringify({ event: "ready", name, mac, addresses, verified })
      : `the kernel answers on ${name}${has}`;
    await this.#output.line(line);
    await this.#output.finish();
  }

  async tick(): Promise<void> {
    if (this.#json) await this.#output.line(JSON.stringify({ event: "counters", ...this.#counters() }));
  }

  /** Does not wait for a reader: the interface is to be put back. */
  end(): void {
    const { reply, pass, invalid } = this.#counters();
    const line = this.#json
      ? JSON.stringify({ event: "end", ...this.#counters() })
      : `${reply} answered, ${pass} passed on, ${invalid} dropped as invalid`;
    this.#output.line(line).catch(() => {}); // Output says it at the end
  }
}
