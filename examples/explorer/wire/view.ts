// The part of the page that answers frames.
import { type Host, type Mode, type Network, parseAddress, type Responder, type Verdict } from "sixplane";
import { type CapturedFrame, linkTypeName, pcapHeader, readCapture } from "sixplane/capture";
import example from "../../capture/kernel.pcap?base64";
import { announce } from "../page/copy.ts";
import { byId, bytesOf, element, fill, grouped, orRefusal, refuse } from "../page/elements.ts";
import { type Fragment, LONGEST_SHARED, type State } from "../page/state.ts";
import { lightBytes, showDetail } from "./detail.ts";
import { formatFrame, parseFrames } from "./hex.ts";
import { emptyJudgement, type Frames, type Judgement, judge, MOST_LISTED } from "./judge.ts";
import { solicitation } from "./solicitation.ts";

/** The network in whose namespace the example was captured. */
const EXAMPLE = { network: "8056c2e279e6f8f0", node: "89e92ceee5" };

/** The node that is asked for, unless an address is given. */
const ASKED_NODE = "deadbeef01";

/** How many frames are listed at first, and more by each press. */
const PAGE = 200;

const KINDS = ["reply", "pass", "invalid"] as const;

interface Capture {
  name: string;
  bytes: Blob;
}

const ask = byId<HTMLInputElement>("ask");
const hex = byId<HTMLTextAreaElement>("hex");
const file = byId<HTMLInputElement>("file");
const probes = byId<HTMLInputElement>("probes");
const modes = [byId<HTMLInputElement>("mode-6plane"), byId<HTMLInputElement>("mode-rfc4193")];
const list = byId("frames");

/** The file that was opened last. */
let opened: Capture | undefined;
/** How many have been opened: two may have one name. */
let openings = 0;
let judgement = emptyJudgement();
let selected = 0;
let rows = PAGE;
let hidden = new Set<Verdict["kind"]>();
/** What the judgement is of: the same needs no other. */
let judged = "";
/** Whether the input was good at any time, so that there is something to show. */
let wasJudged = false;
/** The replies that were saved last. */
let saved = "";

export function startWire(fragment: Fragment): void {
  ask.addEventListener("input", () => fragment.set({ ask: ask.value.trim() }));
  hex.addEventListener("input", () => fragment.set({ hex: hex.value }));
  probes.addEventListener("change", () => fragment.set({ probes: probes.checked ? "yes" : "" }));
  for (const mode of modes) mode.addEventListener("change", () => fragment.set({ modes: checkedModes() }));
  for (const radio of sources())
    radio.addEventListener("change", () => fragment.set({ source: radio.value }));
  file.addEventListener("change", () => open(fragment, file.files?.[0]));
  file.addEventListener("click", forgetFile);
  byId("example").addEventListener("click", () => {
    forgetFile();
    fragment.set({ source: "capture", capture: "example", ...EXAMPLE });
  });
  byId("download").addEventListener("click", download);
  byId("more").addEventListener("click", () => showList(rows + PAGE));
  byId("edit").addEventListener("click", () => {
    const frame = judgement.listed[selected]?.frame;
    if (frame) fragment.set({ source: "hex", hex: formatFrame(frame) });
    hex.focus();
  });
  list.addEventListener("click", ({ target }) => select((target as Element).closest("button")));
  list.addEventListener("keydown", moveByKey);
  for (const kind of KINDS) byId(`show-${kind}`).addEventListener("click", () => toggle(kind));
  takeDrops(fragment);
  lightBytes();
}

export function showWire(state: State, network: Network | undefined, host: Host | undefined): void {
  fill(ask, state.ask);
  fill(hex, state.hex);
  probes.checked = state.probes === "yes";
  for (const mode of modes) mode.checked = state.modes.split(",").includes(mode.value);
  for (const radio of sources()) radio.checked = radio.value === sourceOf(state);
  for (const radio of sources()) byId(`from-${radio.value}`).hidden = !radio.checked;
  ask.placeholder = network?.host(ASKED_NODE).sixplane.address ?? "";
  byId("hex-note").hidden = state.hex.length <= LONGEST_SHARED;
  byId("capture-name").textContent = captureOf(state)?.name ?? "No capture is open.";
  const isGood = network !== undefined && host !== undefined && judgeAnew(state, network, host);
  wasJudged ||= isGood;
  byId("answers").hidden = !wasJudged;
  byId("answers").classList.toggle("stale", !isGood);
  byId("answers-stale").hidden = isGood;
}

function sources(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>("input[name=source]")];
}

function sourceOf({ source }: State): string {
  return ["ask", "hex", "capture"].includes(source) ? source : "ask";
}

function checkedModes(): string {
  return modes
    .filter(({ checked }) => checked)
    .map(({ value }) => value)
    .join();
}

/** The capture that is looked at: the example, or the file that was opened last. */
function captureOf({ capture }: State): Capture | undefined {
  if (capture !== "example") return opened;
  return { name: "The example: frames that a Linux kernel sent", bytes: new Blob([bytesOf(example)]) };
}

/** Judges the frames, unless they and the responder are what they were. Says whether the input is good. */
function judgeAnew(state: State, network: Network, host: Host): boolean {
  const source = sourceOf(state);
  const { ask, hex, capture: name, modes, probes } = state;
  const subject = JSON.stringify([source, ask, hex, name, modes, probes, network.id, host.node, openings]);
  if (subject === judged) return true;
  const responder = responderOf(state, network, host);
  const frames = framesOf(state, network, host);
  if (!responder || !frames) {
    judged = "";
    return false;
  }
  judged = subject;
  selected = 0;
  rows = PAGE;
  judgement = emptyJudgement();
  run(judgement, frames, responder);
  return true;
}

function responderOf(state: State, network: Network, host: Host): Responder | undefined {
  const kinds = modes.find(({ checked }) => checked) ? (state.modes.split(",") as Mode[]) : [];
  return orRefusal(byId<HTMLInputElement>("mode-6plane"), () => {
    if (kinds.length === 0) throw new Error("choose at least one kind of address to answer for");
    return network.responder({ node: host.node, modes: kinds, probes: state.probes === "yes" });
  });
}

function framesOf(state: State, network: Network, host: Host): Frames | undefined {
  refuse(file, "");
  const source = sourceOf(state);
  if (source === "capture") return capturedFrames(state);
  if (source === "hex") return orRefusal(hex, () => parseFrames(state.hex).map(untimed));
  return orRefusal(ask, () => {
    const target = state.ask || network.host(ASKED_NODE).sixplane.address;
    parseAddress(target);
    return [untimed(solicitation(host, target))];
  });
}

function untimed(bytes: Uint8Array): CapturedFrame {
  return { bytes, length: bytes.length, seconds: 0, nanoseconds: 0 };
}

function capturedFrames(state: State): Frames {
  const capture = captureOf(state);
  return capture ? readCapture(chunks(capture.bytes)) : [];
}

/** A file's bytes in pieces: not every browser iterates over a stream by itself. */
async function* chunks(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

async function run(into: Judgement, frames: Frames, responder: Responder): Promise<void> {
  try {
    await judge(into, frames, responder, () => into === judgement);
  } catch (error) {
    if (into === judgement) refuse(file, (error as Error).message);
  }
  if (into !== judgement) return;
  selected = Math.max(
    0,
    judgement.listed.findIndex(({ kind }) => kind === "reply"),
  );
  showJudgement();
}

function showJudgement(): void {
  const { counts, listed, replies, skipped } = judgement;
  const total = KINDS.reduce((sum, kind) => sum + counts[kind], 0);
  byId("total").textContent = `${grouped(total)} ${total === 1 ? "frame" : "frames"}`;
  for (const kind of KINDS) byId(`count-${kind}`).textContent = grouped(counts[kind]);
  byId<HTMLButtonElement>("download").disabled = replies.length === 0;
  byId("unlisted").textContent =
    total > listed.length
      ? `The first ${grouped(MOST_LISTED)} are listed; all are judged, answered and counted.`
      : "";
  byId("skipped").textContent = skippedText(skipped);
  showList(PAGE);
  const chosen = list.querySelector<HTMLElement>('[aria-pressed="true"]');
  list.scrollTop = chosen ? chosen.offsetTop - list.offsetTop : 0;
}

function skippedText(skipped: ReadonlyMap<number, number>): string {
  const counts = Array.from(
    skipped,
    ([linkType, packets]) => `${grouped(packets)} of link type ${linkTypeName(linkType)} (${linkType})`,
  );
  return counts.length > 0 ? `Skipped packets that cannot be read: ${counts.join(", ")}.` : "";
}

function showList(most: number): void {
  rows = most;
  const shown = judgement.listed.map((frame, i) => ({ ...frame, i })).filter(({ kind }) => !hidden.has(kind));
  if (!shown.some(({ i }) => i === selected)) selected = shown[0]?.i ?? -1;
  const drawn = shown.slice(0, most).map(({ i, kind, reason, what }) => {
    const button = element(
      "button",
      { type: "button", "aria-pressed": String(i === selected) },
      element("span", { class: "number" }, String(i + 1)),
      element("span", { class: `verdict ${kind}` }, kind),
      element("span", { class: "reason" }, reason),
      element("span", { class: "what" }, what),
    );
    button.dataset["frame"] = String(i);
    return element("li", {}, button);
  });
  list.replaceChildren(...drawn);
  byId("more").hidden = shown.length <= most;
  showDetail(judgement.listed[selected], selected + 1);
}

function select(button: HTMLButtonElement | null): void {
  if (!button) return;
  list.querySelector('[aria-pressed="true"]')?.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", "true");
  selected = Number(button.dataset["frame"]);
  showDetail(judgement.listed[selected], selected + 1);
}

/** The arrow keys go through the list. */
function moveByKey(event: KeyboardEvent): void {
  const item = (event.target as Element).closest("li");
  const to = { ArrowDown: item?.nextElementSibling, ArrowUp: item?.previousElementSibling }[event.key];
  const button = to?.querySelector("button");
  if (!button) return;
  event.preventDefault();
  button.focus();
  select(button);
}

function toggle(kind: Verdict["kind"]): void {
  hidden = new Set(KINDS.filter((other) => (other === kind) !== hidden.has(other)));
  for (const each of KINDS) byId(`show-${each}`).setAttribute("aria-pressed", String(!hidden.has(each)));
  showList(rows);
}

function open(fragment: Fragment, chosen: File | undefined): void {
  if (!chosen) return;
  opened = { name: chosen.name, bytes: chosen };
  openings++;
  fragment.set({ view: "wire", source: "capture", capture: "" });
}

/** Lets the same file be chosen again. */
function forgetFile(): void {
  file.value = "";
}

/** Files that are dropped anywhere are captures; anything else that is dragged is the browser's business. */
function takeDrops(fragment: Fragment): void {
  for (const type of ["dragover", "drop"] as const) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (type === "drop") open(fragment, event.dataTransfer.files[0]);
    });
  }
}

function download(): void {
  URL.revokeObjectURL(saved); // not sooner: the browser may still have been reading it
  saved = URL.createObjectURL(new Blob([pcapHeader(), ...judgement.replies] as BlobPart[]));
  element("a", { href: saved, download: "replies.pcap" }).click();
  announce(`replies.pcap: ${grouped(judgement.replies.length)} replies`);
}
