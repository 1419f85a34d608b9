// The vectors' frames as input for a firmware, and the library's verdicts on them.
import { Network, parseAddress } from "sixplane";
import { record } from "../support/builds.ts";
import { hex, LINK_LOCAL, solicitation, toHex } from "../support/frames.ts";
import { OWNER_KERNEL, REPLIES, TAP } from "../support/vectors.ts";

/** Frames for one config record. */
export interface VectorFrames {
  name: string;
  network: string;
  self: string;
  modes: number;
  frames: { name: string; frame: Uint8Array }[];
}

const kernel = OWNER_KERNEL.cases.map(({ name, in_hex }) => ({ name, frame: hex(in_hex) }));
const tap = TAP.frames.map(({ name, hex: text }) => ({ name, frame: hex(text) }));

/** Every row of the replies, by record; every case of the owner's kernel, in several modes; the frames of a TAP. */
export const VECTOR_FRAMES: VectorFrames[] = [
  ...[...new Set(REPLIES.map(({ network, self }) => `${self} on ${network}`))].map((name) => {
    const rows = REPLIES.filter(({ network, self }) => name === `${self} on ${network}`);
    const [{ network, self } = { network: "", self: "" }] = rows;
    const frames = rows.map(({ ns }) => ({ name: ns, frame: hex(ns) }));
    return { name: `the replies for ${name}`, network, self, modes: 3, frames };
  }),
  ...[1, 2, 3, 7].map((modes) => ({
    name: `the cases of the owner's kernel in modes ${modes}`,
    network: OWNER_KERNEL.network,
    self: OWNER_KERNEL.self,
    modes,
    frames: kernel,
  })),
  { name: "the frames of a TAP", network: TAP.network, self: TAP.self, modes: 3, frames: tap },
];

export const recordOf = ({ network, self, modes }: VectorFrames) => record(network, self, modes);

/** What the bindings answer: hex, or why not. */
export function verdict(
  { network, self, modes }: VectorFrames,
  frame: Uint8Array,
): { kind: "reply" | "pass" | "invalid"; reply: string } {
  const responder = new Network(network).responder({
    node: self,
    modes: [...(modes & 1 ? ["6plane" as const] : []), ...(modes & 2 ? ["rfc4193" as const] : [])],
    probes: (modes & 4) !== 0,
  });
  const given = responder.answer(frame);
  return { kind: given.kind, reply: given.kind === "reply" ? toHex(given.frame) : "" };
}

/** A question that no vector asks, and its answer. */
export function certain(questions: VectorFrames): { question: Uint8Array; answer: string } {
  const node = "fe0e1ec7ed";
  const host = new Network(questions.network).host(node);
  const address = questions.modes & 1 ? host.sixplane.prefix.address(0xfeedfeedn) : host.rfc4193.address;
  const question = solicitation({ target: toHex(parseAddress(address)), source: LINK_LOCAL });
  const { reply } = verdict(questions, question);
  if (reply === "") throw new Error("this must have an answer");
  return { question, answer: reply };
}
