// An interface of VXLAN that has no peer of its own (external, of ip-link(8)): programs tell it where each frame goes, and see
// where each has come from. By rtnetlink(7); it stays until it is removed.

import { readFileSync } from "node:fs";
import type { Libc } from "../../tap/kernel/libc.ts";
import { attribute, CREATE, EXCLUSIVE } from "../../tap/kernel/rtnetlink.ts";
import { BpfError } from "./error.ts";
import { ask, nested, text } from "./rtnetlink.ts";

const NEW_LINK = 16;
const DELETE_LINK = 17;

// Attributes of if_link.h.
const NAME = 3;
const INFORMATION = 18;
const KIND = 1;
const DATA = 2;
const LEARNING = 7;
const PORT_RANGE = 10;
const PORT = 15;
const COLLECT_METADATA = 25;

/**
 * Makes the interface, which is down.
 *
 * @param name a %d in it becomes the first number that is free
 * @param port where it listens; datagrams also leave from there, as those of a socket do
 * @returns its name
 * @throws BpfError where there is such an interface, or another that listens there
 */
export function addVxlan(libc: Libc, name: string, port: number): string {
  for (let number = 0; ; number++) {
    const chosen = name.replace("%d", `${number}`);
    if (name !== chosen && isThere(chosen)) continue;
    const error = ask(libc, `make the interface ${chosen}`, requestFor(chosen, port));
    if (!error) return chosen;
    if (error.code !== "EEXIST" || name === chosen || !isThere(chosen)) throw explained(error, chosen, port);
  }
}

/** Removes an interface. One that is gone is no error. */
export function removeInterface(libc: Libc, index: number): void {
  const error = ask(libc, "remove the interface", { type: DELETE_LINK, about: [0, index, 0, 0] });
  if (error && error.code !== "ENODEV") throw error;
}

export function isThere(name: string): boolean {
  const lines = readFileSync("/proc/thread-self/net/dev", "utf8").split("\n");
  return lines.some((line) => line.trim().startsWith(`${name}:`));
}

function requestFor(name: string, port: number) {
  const data = [
    attribute(LEARNING, Uint8Array.of(0)),
    attribute(PORT_RANGE, Buffer.concat([word(port), word(port + 1)])), // the end is not in it
    attribute(PORT, word(port)),
    attribute(COLLECT_METADATA, Uint8Array.of(1)),
  ];
  return {
    type: NEW_LINK,
    flags: CREATE | EXCLUSIVE,
    about: [0, 0, 0, 0],
    attributes: [text(NAME, name), nested(INFORMATION, text(KIND, "vxlan"), nested(DATA, ...data))],
  };
}

/** 16 bits in network order. */
function word(value: number): Buffer {
  return Buffer.of((value >> 8) & 0xff, value & 0xff);
}

function explained(error: BpfError, name: string, port: number): BpfError {
  const reasons: Record<string, string> = {
    EEXIST: isThere(name)
      ? "there is one of that name"
      : `another interface of VXLAN has port ${port}, and takes all networks there`,
    EOPNOTSUPP: "this kernel has no VXLAN",
  };
  const reason = reasons[error.code];
  return reason === undefined
    ? error
    : new BpfError(`cannot make the interface ${name}: ${reason}`, error.code);
}
