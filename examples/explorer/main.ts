import { CompilationRefusedError, type Host, initSync, Network } from "sixplane";
import { showAddress, startAddress } from "./address/view.ts";
import { pauseFabric, showFabric, startFabric } from "./fabric/view.ts";
import { showModule, startModule } from "./module/view.ts";
import { lightUp } from "./page/bits.ts";
import { copyButton } from "./page/copy.ts";
import { byId, fill, orRefusal } from "./page/elements.ts";
import { DEFAULTS, Fragment, fragment as fragmentOf, type State } from "./page/state.ts";
import { showWire, startWire } from "./wire/view.ts";

const VIEWS = ["address", "wire", "fabric", "module"];

const network = byId<HTMLInputElement>("network");
const node = byId<HTMLInputElement>("node");

const fragment = new Fragment(show);
try {
  initSync();
  start();
} catch (error) {
  if (!(error instanceof CompilationRefusedError)) throw error;
  showWithoutCore(error.message);
}

function start(): void {
  for (const field of [network, node]) {
    field.addEventListener("input", () => fragment.set({ [field.id]: field.value.trim() }));
  }
  byId("share").replaceChildren(copyButton("link to this page", () => location.href, "Copy link"));
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav a")) {
    link.addEventListener("click", (event) => turnTo(event, link));
  }
  lightUp(byId("identity-and-address"));
  startAddress(fragment);
  startWire(fragment);
  startFabric(fragment);
  startModule();
  fragment.start();
}

/** Every part of the page shows what the core computes, so only the reason is left to show. */
function showWithoutCore(why: string): void {
  const notice = document.createElement("p");
  notice.className = "panel";
  notice.setAttribute("role", "alert");
  notice.textContent = `This page cannot compute addresses in your browser. ${why}.`;
  byId("main").replaceChildren(notice);
  document.querySelector("nav")?.remove();
}

/** A link to another view keeps the rest of the state; with a modifier key, the browser opens it elsewhere. */
function turnTo(event: MouseEvent, link: HTMLAnchorElement): void {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const view = link.dataset["view"] ?? DEFAULTS.view;
  if (view !== fragment.state.view) fragment.set({ view });
}

function show(state: State): void {
  const view = VIEWS.includes(state.view) ? state.view : DEFAULTS.view;
  showParts(view);
  showLinks(state, view);
  fill(network, state.network);
  fill(node, state.node);
  const ofNetwork = orRefusal(network, () => new Network(state.network));
  const host = orRefusal(node, () => hostOf(state.node, ofNetwork));
  showReserved(ofNetwork, host);
  if (view === "address") showAddress(state, ofNetwork, host);
  if (view === "wire") showWire(state, ofNetwork, host);
  if (view === "module") showModule(state);
  if (view === "fabric") showFabric(state);
  else pauseFabric();
}

function showParts(view: string): void {
  for (const name of VIEWS) byId(name).hidden = name !== view;
  for (const bits of ["network-bits", "node-bits"]) byId(bits).hidden = view !== "address";
  byId("identity").hidden = view === "fabric" || view === "module";
}

/** Has the links lead to the other parts with the rest of the state. */
function showLinks(state: State, view: string): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>("nav a")) {
    const to = link.dataset["view"] ?? DEFAULTS.view;
    link.href = `#${fragmentOf({ ...state, view: to })}`;
    if (to === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** The host; a node address is right or wrong in itself, so that without a network any one serves to check it. */
function hostOf(text: string, on: Network | undefined): Host | undefined {
  const host = (on ?? new Network(DEFAULTS.network)).host(text);
  return on && host;
}

function showReserved(on: Network | undefined, host: Host | undefined): void {
  const isReserved = host && on?.ownerOf(host.mac)?.reserved;
  byId("reserved").textContent = isReserved
    ? `ZeroTier gives ${host.node} to no node: 0 and addresses that start with ff are reserved, and nobody answers for them.`
    : "";
}
