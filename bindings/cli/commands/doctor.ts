import { InputError, Network } from "sixplane";
import { examine } from "../doctor/examine.ts";
import { LinuxHost } from "../doctor/linux.ts";
import { lines, scriptOf } from "../doctor/report.ts";
import { Failure } from "../io/failure.ts";
import type { Output } from "../io/output.ts";
import { usualFolder } from "../zerotier/identity.ts";

export interface DoctorOptions {
  zerotier?: string;
  json?: boolean;
  fix?: boolean;
}

const FOUND = 1;

/** `sixplane doctor [NETWORK]` */
export async function doctor(output: Output, id: string | undefined, options: DoctorOptions): Promise<void> {
  if (options.json && options.fix) throw new InputError("give either --json or --fix, not both");
  const network = id === undefined ? undefined : new Network(id);
  if (process.platform !== "linux") throw new Failure("doctor looks at hosts that run Linux only");
  const said = await examine(new LinuxHost(options.zerotier ?? usualFolder()), network);
  if (options.fix) await output.line(scriptOf(said));
  else await output.result(options.json, said, lines(said));
  if (said.some(({ kind }) => kind === "finding")) process.exitCode = FOUND;
}
