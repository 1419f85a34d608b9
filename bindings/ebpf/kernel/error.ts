import { constants } from "node:os";

/** The kernel refused a map, a program or a link. The message says what to do where that is known. */
export class BpfError extends Error {
  override name = "BpfError";
  /** The operating system's name for the cause, as in "EPERM". */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** What the kernel says of what it does not let pass; its own lines say more. */
const REFUSED = "the verifier refuses it";

const REASONS: Record<string, string> = {
  EPERM: "that takes root of the machine: a user namespace's is not enough",
  ENOSYS: "this kernel has no bpf(2)",
  ENODEV: "there is no such interface",
};

/** @param more lines that say more, such as the verifier's */
export function bpfError(what: string, errno: number, more = ""): BpfError {
  const [code = `error ${errno}`] =
    Object.entries(constants.errno).find(([, number]) => number === errno) ?? [];
  return new BpfError(`cannot ${what}: ${more ? `${REFUSED}:\n${more}` : (REASONS[code] ?? code)}`, code);
}
