// The part of the page that derives addresses and tells their owners.
import { type Host, Network } from "sixplane";
import { drawBits, type Field } from "../page/bits.ts";
import { copyButton } from "../page/copy.ts";
import { byId, element, fill, orRefusal } from "../page/elements.ts";
import type { Fragment, State } from "../page/state.ts";
import { macFields, networkFields, nodeFields, ownFields, rfc4193Fields, sixplaneFields } from "./fields.ts";
import { type Finding, find } from "./reverse.ts";
import { parseOwn, type Row, rows } from "./rows.ts";
import { type Snippet, snippets } from "./snippets.ts";

const own = byId<HTMLInputElement>("own");
const pasted = byId<HTMLInputElement>("find");
const startPort = byId<HTMLInputElement>("start-port");
const endPort = byId<HTMLInputElement>("end-port");

/** What shows the last good input while there is something wrong with a field; without any, it is not to be seen. */
const DERIVED = ["derived", "network-bits", "node-bits", "own-bits", "snippets-part"];

/** Whether the input was good at any time, so that there is something to show. */
let wasWhole = false;

export function startAddress(fragment: Fragment): void {
  own.addEventListener("input", () => fragment.set({ own: own.value.trim() }));
  pasted.addEventListener("input", () => fragment.set({ find: pasted.value }));
  for (const port of [startPort, endPort]) port.addEventListener("input", () => takePorts(fragment));
  byId("found").addEventListener("click", ({ target }) => {
    const { network, node } = (target as HTMLElement).dataset;
    if (network) fragment.set({ network });
    if (node) fragment.set({ node });
  });
}

/** Shows what follows from the network and the host, as far as there are any. */
export function showAddress(state: State, network: Network | undefined, host: Host | undefined): void {
  fill(own, state.own);
  fill(pasted, state.find);
  showPorts(network);
  const suffix = orRefusal(own, () => parseOwn(state.own));
  const isWhole = network && host && suffix !== undefined;
  if (isWhole) showDerived(network, host, suffix);
  wasWhole ||= Boolean(isWhole);
  for (const id of DERIVED) {
    byId(id).classList.toggle("blank", !wasWhole);
    byId(id).classList.toggle("stale", !isWhole);
  }
  byId("derived-stale").hidden = Boolean(isWhole) || !wasWhole;
  showFound(state.find, network);
}

/** Goes to the network of the ports, once both are there. */
function takePorts(fragment: Fragment): void {
  const isHalf = startPort.value === "" || endPort.value === "";
  const network = orRefusal(endPort, () =>
    isHalf ? undefined : Network.adhoc(port(startPort), port(endPort)),
  );
  if (network) fragment.set({ network: network.id });
}

function port({ value }: HTMLInputElement): number {
  if (/^\d{1,5}$/.test(value.trim())) return Number(value);
  throw new Error(`port must be a whole number from 0 to 65535, got ${JSON.stringify(value)}`);
}

/** Ports that give the network are left as they are typed. */
function showPorts(network: Network | undefined): void {
  const ports = network?.ports;
  byId("adhoc-note").textContent = ports
    ? `This is the ad-hoc network of ports ${ports.start} to ${ports.end}: anyone may join it, and it has no controller. It uses 6PLANE addresses.`
    : "The ID of an ad-hoc network contains its port range. It has no controller.";
  if (document.activeElement === startPort || document.activeElement === endPort) return;
  fill(startPort, ports ? String(ports.start) : "");
  fill(endPort, ports ? String(ports.end) : "");
  orRefusal(endPort, () => undefined);
}

function showDerived(network: Network, host: Host, suffix: bigint): void {
  draw("network-bits", "network", networkFields(network), 4);
  draw("node-bits", "node", nodeFields(host), 2);
  draw("own-bits", "own", ownFields(suffix.toString(16).padStart(12, "0")), 4);
  draw("sixplane-bits", "sixplane", sixplaneFields(host.sixplane.prefix.address(suffix)), 4);
  draw("rfc4193-bits", "rfc4193", rfc4193Fields(host.rfc4193.address), 4);
  draw("mac-bits", "mac", macFields(host.mac), 2);
  showText("sixplane-text", host.sixplane.prefix.address(suffix));
  showText("rfc4193-text", host.rfc4193.address);
  showText("mac-text", host.mac);
  byId("rows").replaceChildren(...rows(network, host, suffix).map(drawRow));
  byId("snippets").replaceChildren(...snippets(network, host).map(drawSnippet));
}

function draw(id: string, name: string, fields: Field[], group: number): void {
  drawBits(byId(id), name, fields, group);
}

function showText(id: string, text: string): void {
  byId(id).textContent = text;
}

function drawRow({ name, value }: Row): HTMLElement {
  const cells = [
    element("th", { scope: "row" }, name),
    element("td", {}, element("code", {}, value)),
    element(
      "td",
      {},
      copyButton(name, () => value),
    ),
  ];
  return element("tr", {}, ...cells);
}

function drawSnippet({ title, note, text }: Snippet): HTMLElement {
  return element(
    "article",
    { class: "snippet" },
    element("h3", {}, title),
    copyButton(title, () => text),
    element("p", {}, note),
    element("pre", {}, element("code", {}, text)),
  );
}

function showFound(text: string, network: Network | undefined): void {
  const isEmpty = text.trim() === "";
  const finding = orRefusal(pasted, () => (isEmpty ? undefined : find(text, network)));
  byId("found").hidden = !finding;
  if (finding) showFinding(finding);
}

function showFinding({ says, rows, fields, group, network, node }: Finding): void {
  byId("found-says").textContent = says;
  drawBits(byId("found-bits"), "found", fields.map(withoutSource), group);
  byId("found-rows").replaceChildren(...rows.map(drawRow));
  byId("found-next").replaceChildren(
    ...(network ? [element("button", { type: "button", "data-network": network }, goTo(network))] : []),
    ...(node ? [element("button", { type: "button", "data-node": node }, `Look at node ${node}`)] : []),
  );
}

function goTo(id: string): string {
  return `Go to ${new Network(id).ports ? "ad-hoc " : ""}network ${id}`;
}

/** What is pasted does not light up the inputs, which it did not come from. */
function withoutSource({ name, kind, digits, tells }: Field): Field {
  return { name, kind, digits, tells };
}
