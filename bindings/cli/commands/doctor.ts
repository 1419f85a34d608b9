import { InputError, Network } from "sixplane";
import { examine } from "../doctor/examine.ts";
import { LinuxHost } from "../doctor/linux.ts";
import { checkTarget, parseTarget } from "../doctor/probe/target.ts";
import { lines, scriptOf } from "../doctor/report.ts";
import { Failure } from "../io/failure.ts";
import type { Output } from "../io/output.ts";
import { usualFolder } from "../zerotier/identity.ts";

export interface DoctorOptions {
  zerotier?: string;
  probe?: string;
  json?: boolean;
  fix?: boolean;
}

const FOUND = 1;

/** `sixplane doctor [NETWORK]` */
export async function doctor(output: Output, id: string | undefined, options: DoctorOptions): Promise<void> {
  if (options.json && options.fix) throw new InputError("give either --json or --fix, not both");
  const network = id === undefined ? undefined : new Network(id);
  if (options.probe !== undefined) checkProbe(network, options.probe);
  if (process.platform !== "linux") throw new Failure("doctor looks at hosts that run Linux only");
  const host = new LinuxHost(options.zerotier ?? usualFolder());
  const said = await examine(host, { only: network, probe: options.probe });
  if (options.fix) await output.line(scriptOf(said));
  else await output.result(options.json, said, lines(said));
  if (said.some(({ kind }) => kind === "finding")) process.exitCode = FOUND;
}

/** Refuses a target that cannot be, before anything is asked. */
function checkProbe(network: Network | undefined, target: string): void {
  if (network) parseTarget(network, target);
  else checkTarget(target);
}
