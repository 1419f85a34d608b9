// The part of the page that shows the module itself.
import { type CoreExports, type Host, Network } from "sixplane";
import embedded from "sixplane/wasm/sixplane.wasm?base64";
import wat from "sixplane/wasm/sixplane.wasm?wat";
import { copyButton } from "../page/copy.ts";
import { byId, bytesOf, element, grouped } from "../page/elements.ts";
import { DEFAULTS, type State } from "../page/state.ts";
import { type Call, calls, configure } from "./calls.ts";
import { sections } from "./sections.ts";

const SIGNATURES: Record<string, string> = {
  respond: "respond(config, frame, length): the reply's length, 86, or why there is none",
  sixplane: "sixplane(config, out): 16 bytes, the node's 6PLANE address",
  rfc4193: "rfc4193(config, out): 16 bytes, the node's RFC 4193 address",
  mac: "mac(config, out): 6 bytes, the node's MAC",
  owner: "owner(config, address, out): the mode, 1 or 2, and 5 bytes, the node address; or 0",
  macOwner: "macOwner(config, mac, out): 1 and 5 bytes, the node address; or 0",
  neighbour: "neighbour(config, address, out): the mode, 1 or 2, and 6 bytes, the owner's MAC; or 0",
  permits:
    "permits(config, frame, length): whether the record's node may have sent the frame: 0 no, 1 or 2 yes",
  memory: "memory: one page, 64 KiB, that it never grows",
};

const ROUNDS = 100_000;

const bytes = bytesOf(embedded);
let core: CoreExports;

export function startModule(): void {
  const module = new WebAssembly.Module(bytes);
  core = new WebAssembly.Instance(module).exports as unknown as CoreExports;
  byId("module-size").textContent = `${grouped(bytes.length)} bytes`;
  byId("module-imports").textContent = String(WebAssembly.Module.imports(module).length);
  const drawn = sections(bytes).map(({ name, size }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, grouped(size)),
      element(
        "td",
        {},
        element("meter", { min: "0", max: String(bytes.length), value: String(size), "aria-label": name }),
      ),
    ),
  );
  byId("sections").replaceChildren(...drawn);
  const exported = WebAssembly.Module.exports(module).map(({ name }) => SIGNATURES[name]);
  byId("exports").replaceChildren(
    ...exported
      .filter((text) => text !== undefined)
      .map((text) =>
        element(
          "li",
          {},
          element("code", {}, text.split(":")[0] ?? ""),
          `:${text.slice(text.indexOf(":") + 1)}`,
        ),
      ),
  );
  byId("wat").textContent = wat;
  byId("wat-copy").replaceChildren(copyButton("the module as WAT", () => wat));
  byId("wat-lines").textContent = `${grouped(wat.trimEnd().split("\n").length)} lines`;
  byId("measure").addEventListener("click", measure);
}

/** Shows the calls for the network and the node that the page is at, or for its own. */
export function showModule(state: State): void {
  const { network, host } = subject(state);
  byId("module-subject").textContent =
    `Network ${network.id}, node ${host.node}, written to memory as the config record:`;
  const prepare = () => configure(core, host, network);
  prepare();
  byId("record").textContent = hexText(0, 16);
  byId("calls").replaceChildren(...calls(host, network).map((call) => drawCall(call, prepare)));
}

function subject({ network: id, node }: State): { network: Network; host: Host } {
  try {
    const network = new Network(id);
    return { network, host: network.host(node) };
  } catch {
    const network = new Network(DEFAULTS.network);
    return { network, host: network.host(DEFAULTS.node) };
  }
}

function drawCall(call: Call, prepare: () => void): HTMLElement {
  const button = element("button", { type: "button" }, "Call");
  button.setAttribute("aria-label", `Call ${call.text}`);
  const result = element("p", { role: "status" });
  button.addEventListener("click", () => {
    prepare();
    const returned = call.run(core);
    const left = new Uint8Array(core.memory.buffer, call.start, call.length);
    result.replaceChildren(
      returned === undefined ? "" : `returned ${returned}; `,
      element("strong", {}, call.reads(left, returned)),
      element("code", {}, hexText(call.start, call.length)),
    );
  });
  return element("li", {}, button, element("code", {}, call.text), element("span", {}, call.does), result);
}

function hexText(start: number, length: number): string {
  const shown = new Uint8Array(core.memory.buffer, start, length);
  return Array.from(shown, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** How fast this browser answers, on this machine: copying the question in, and answering it in place. */
function measure(): void {
  const network = new Network(DEFAULTS.network);
  const host = network.host(DEFAULTS.node);
  const respond = calls(host, network).at(-1);
  configure(core, host, network);
  let replies = 0;
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) if (respond?.run(core) === 86) replies++;
  const seconds = (performance.now() - start) / 1000;
  byId("speed").textContent =
    `${grouped(replies)} replies in ${Math.round(seconds * 1000)} ms: ${grouped(Math.round(replies / seconds))} a second here, now.`;
}
