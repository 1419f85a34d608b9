// Filters below the queueing discipline clsact, by rtnetlink(7): what kernels before Linux 6.6 have in place of a link. Unlike
// that they have no file, so they stay until they are removed, or their interface is.
//
//  struct tcmsg, in the machine's own order
//
//   0   4       8        12       16            20
//  ┌───┬───────┬────────┬────────┬─────────────┐
//  │ 0 │ index │ handle │ parent │ information │
//  └───┴───────┴────────┴────────┴─────────────┘

import type { Libc } from "../../tap/kernel/libc.ts";
import { CREATE, EXCLUSIVE } from "../../tap/kernel/rtnetlink.ts";
import type { File } from "./bpf.ts";
import { ask, nested, number, text } from "./rtnetlink.ts";

const NEW_QDISC = 36;
const DELETE_QDISC = 37;
const NEW_FILTER = 44;
const DELETE_FILTER = 45;

const CLSACT = 0xffff_fff1;
const CLSACT_HANDLE = 0xffff_0000;
const PARENTS = { ingress: 0xffff_fff2, egress: 0xffff_fff3 };
/** Frames that come in on an interface, or that leave it. */
export type Direction = keyof typeof PARENTS;

/** The first filter's place among others, and their number there; nothing else chooses these. */
const PRIORITY = 0x6716;
const HANDLE = 1;
const ALL_PROTOCOLS = 0x0300; // in network order

const KIND = 1;
const OPTIONS = 2;
const BPF_FILE = 6;
const BPF_NAME = 7;
const BPF_FLAGS = 8;
const DIRECT_ACTION = 1;

/** Gives the interface the queueing discipline. @returns whether it had none before */
export function addClsact(libc: Libc, index: number): boolean {
  const error = ask(libc, "add clsact", {
    type: NEW_QDISC,
    flags: CREATE | EXCLUSIVE,
    about: [0, index, CLSACT_HANDLE, CLSACT, 0],
    attributes: [text(KIND, "clsact")],
  });
  if (error && error.code !== "EEXIST") throw error;
  return error === undefined;
}

/**
 * Lets a program judge the frames of an interface, which must have clsact.
 *
 * @param place from 0 on: a program hears of what those before it let pass
 * @throws BpfError where there is such a filter
 */
export function addFilter(libc: Libc, index: number, program: File, direction: Direction, place = 0): void {
  const options = [number(BPF_FILE, program), text(BPF_NAME, "sixplane"), number(BPF_FLAGS, DIRECT_ACTION)];
  const error = ask(libc, "add the filter", {
    type: NEW_FILTER,
    flags: CREATE | EXCLUSIVE,
    about: filterAt(index, direction, place),
    attributes: [text(KIND, "bpf"), nested(OPTIONS, ...options)],
  });
  if (error) throw error;
}

/** Removes the egress filter, and clsact with all filters where that was added for it. What is gone already is no error. */
export function removeFilter(libc: Libc, index: number, withClsact: boolean): void {
  const about = filterAt(index, "egress", 0);
  const errors = [
    ask(libc, "remove the filter", { type: DELETE_FILTER, about, attributes: [text(KIND, "bpf")] }),
    withClsact
      ? ask(libc, "remove clsact", { type: DELETE_QDISC, about: [0, index, CLSACT_HANDLE, CLSACT, 0] })
      : undefined,
  ];
  const failed = errors.find((error) => error && !GONE.includes(error.code));
  if (failed) throw failed;
}

/** What the kernel says of an interface, a discipline or a filter that is not there. */
const GONE = ["ENODEV", "ENOENT", "EINVAL"];

function filterAt(index: number, direction: Direction, place: number): number[] {
  const information = (((PRIORITY + place) << 16) | ALL_PROTOCOLS) >>> 0;
  return [0, index, HANDLE, PARENTS[direction], information];
}
