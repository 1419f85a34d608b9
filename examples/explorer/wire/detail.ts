// One frame beside its reply, field by field.
import { byId, element } from "../page/elements.ts";
import { decode, type Field, type Layer } from "./decode.ts";
import type { Judged } from "./judge.ts";
import { ACTIONS, CAPTURE_REASONS } from "./reasons.ts";

/** Of so many headers and options the fields are shown: frames that are made for it have a hundred thousand. */
const MOST_LAYERS = 100;

export function showDetail(judged: Judged | undefined, number: number): void {
  byId("detail").hidden = !judged;
  if (!judged) return;
  const { frame, what, kind, reason, reply } = judged;
  byId("detail-title").textContent = `Frame ${number}: ${what}`;
  byId("detail-verdict").replaceChildren(
    element("span", { class: `verdict ${kind}` }, kind),
    `, ${reason}: ${ACTIONS[kind]}. ${CAPTURE_REASONS[reason]}`,
  );
  const asked = decode(frame);
  const answered = reply ? decode(reply) : [];
  byId("detail-head").hidden = !reply;
  byId("fields").classList.toggle("with-reply", reply !== undefined);
  for (const body of byId("fields").querySelectorAll("tbody")) body.remove();
  const pairs = paired(asked, answered);
  const more = pairs.length - MOST_LAYERS;
  byId("fields").append(
    ...pairs.slice(0, MOST_LAYERS).map((pair) => drawLayer(pair, reply !== undefined)),
    ...(more > 0 ? [element("tbody", {}, drawHead(`… ${more} more`, reply !== undefined))] : []),
  );
  byId("frame-dump").replaceChildren(...drawDump(frame, "asked"));
  byId("reply-part").hidden = !reply;
  byId("reply-dump").replaceChildren(...(reply ? drawDump(reply, "answered") : []));
}

type Pair<Type> = [asked: Type | undefined, answered: Type | undefined];

/** Layers of the same place belong together: headers by their order. */
function paired(asked: Layer[], answered: Layer[]): Pair<Layer>[] {
  const length = Math.max(asked.length, answered.length);
  return Array.from({ length }, (_, i) => [asked[i], answered[i]]);
}

function drawLayer([asked, answered]: Pair<Layer>, hasReply: boolean): HTMLElement {
  const name = asked?.name ?? answered?.name ?? "";
  const fields = pairedFields(asked, answered).map((pair) => drawField(pair, hasReply));
  return element("tbody", {}, drawHead(name, hasReply), ...fields);
}

function drawHead(text: string, hasReply: boolean): HTMLElement {
  return element("tr", { class: "layer" }, element("td", { colspan: hasReply ? "4" : "3" }, text));
}

/** Fields of the same bytes, and of the same number among those that share them, belong together. */
function pairedFields(asked: Layer | undefined, answered: Layer | undefined): Pair<Field>[] {
  const rest = [...(answered?.fields ?? [])];
  const pairs = (asked?.fields ?? []).map((field): Pair<Field> => {
    const at = rest.findIndex(({ start, end }) => start === field.start && end === field.end);
    return [field, at < 0 ? undefined : rest.splice(at, 1)[0]];
  });
  return [...pairs, ...rest.map((field): Pair<Field> => [undefined, field])];
}

function drawField([asked, answered]: Pair<Field>, hasReply: boolean): HTMLElement {
  const { start, end } = asked ?? (answered as Field);
  const differs = hasReply && asked?.value !== answered?.value;
  const name = [...new Set([asked?.name, answered?.name].filter((name) => name !== undefined))].join(" / ");
  const row = element(
    "tr",
    differs ? { class: "differs" } : {},
    element("td", { class: "offset" }, end - start > 1 ? `${start}–${end - 1}` : String(start)),
    element("th", { scope: "row" }, name),
    drawValue(asked, false),
    ...(hasReply ? [drawValue(answered, differs)] : []),
  );
  row.dataset["start"] = String(start);
  row.dataset["end"] = String(end);
  return row;
}

function drawValue(field: Field | undefined, differs: boolean): HTMLElement {
  const cell = element("td", field?.wrong ? { class: "wrong" } : {});
  if (differs) cell.append(mark("differs"));
  if (field?.wrong) cell.append(mark("wrong"));
  cell.append(element("code", {}, field?.value ?? "—"));
  return cell;
}

/** A sign, which has its words for those who hear it. */
function mark(what: "differs" | "wrong"): HTMLElement {
  return element("span", { class: `mark ${what}` }, element("span", { class: "unseen" }, `${what}: `));
}

function drawDump(bytes: Uint8Array, which: string): HTMLElement[] {
  const cell = (byte: number, at: number) => {
    const drawn = element("span", {}, byte.toString(16).padStart(2, "0"));
    drawn.dataset["at"] = String(at);
    drawn.dataset["of"] = which;
    return drawn;
  };
  const MOST = 1024;
  const shown = Array.from(bytes.subarray(0, MOST), cell);
  return bytes.length > MOST ? [...shown, element("span", {}, `… ${bytes.length - MOST} more`)] : shown;
}

/** Lights up, in both dumps, the bytes of the field that is pointed at. */
export function lightBytes(): void {
  const part = byId("detail");
  const light = (start: number, end: number) => {
    for (const byte of part.querySelectorAll<HTMLElement>("[data-at]")) {
      const at = Number(byte.dataset["at"]);
      byte.classList.toggle("lit", at >= start && at < end);
    }
  };
  byId("fields").addEventListener("pointerover", ({ target }) => {
    const row = (target as Element).closest<HTMLElement>("[data-start]");
    light(Number(row?.dataset["start"] ?? 0), Number(row?.dataset["end"] ?? 0));
  });
  byId("fields").addEventListener("pointerleave", () => light(0, 0));
}
