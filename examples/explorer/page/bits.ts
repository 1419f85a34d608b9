// Numbers drawn digit by digit and bit by bit, and which digits light up together.
import { byId, element } from "./elements.ts";

/** What a field of an address comes from. */
export type Kind = "fixed" | "network" | "node" | "own";

/** A run of hex digits with a meaning. */
export interface Field {
  name: string;
  kind: Kind;
  /** Hex digits. */
  digits: string;
  /** The names of the digits that its i-th digit is made of. */
  from?: (i: number) => string[];
  /** Where it comes from, in a sentence. */
  tells: string;
}

/**
 * Draws a number in fields.
 *
 * @param place an element with one for the digits, `.digits`, and one for the fields' names, `.fields`
 * @param name the first part of its digits' names: "network" for "network:0" and so on
 * @param group how many digits stand together
 */
export function drawBits(place: HTMLElement, name: string, fields: Field[], group: number): void {
  let at = 0;
  const digits: HTMLElement[] = [];
  const buttons: HTMLElement[] = [];
  for (const field of fields) {
    const names: string[] = [];
    for (const [i, digit] of Array.from(field.digits).entries()) {
      const id = `${name}:${at++}`;
      names.push(id);
      digits.push(drawDigit(digit, id, field, field.from?.(i) ?? []));
    }
    buttons.push(drawField(field, names));
  }
  const groups = Array.from({ length: Math.ceil(at / group) }, (_, i) =>
    element("span", { class: "group" }, ...digits.slice(i * group, (i + 1) * group)),
  );
  place.querySelector(".digits")?.replaceChildren(...groups);
  place.querySelector(".fields")?.replaceChildren(...buttons);
}

function drawDigit(digit: string, id: string, { kind, tells }: Field, from: string[]): HTMLElement {
  const value = Number.parseInt(digit, 16);
  const bits = [8, 4, 2, 1].map((bit) => element("i", value & bit ? { class: "one" } : {}));
  const drawn = element("span", { class: `digit ${kind}` }, element("b", {}, digit), ...bits);
  drawn.dataset["digit"] = id;
  drawn.dataset["tells"] = tells;
  drawn.dataset["from"] = from.join(" ");
  return drawn;
}

function drawField({ name, kind, digits, tells }: Field, names: string[]): HTMLElement {
  const button = element(
    "button",
    { type: "button", class: `field ${kind}` },
    element("span", {}, name),
    " ",
    element("small", {}, `${digits.length * 4} bits`),
  );
  button.dataset["lights"] = names.join(" ");
  button.dataset["tells"] = tells;
  return button;
}

/** Lights up, while something is pointed at or has the focus, all digits that it is made of or that are made of it. */
export function lightUp(within: HTMLElement): void {
  for (const event of ["pointerover", "focusin", "click"]) {
    within.addEventListener(event, ({ target }) => {
      const pointed = (target as Element).closest<HTMLElement>("[data-digit], [data-lights]");
      light(within, (pointed?.dataset["lights"] ?? pointed?.dataset["digit"])?.split(" ") ?? []);
      if (pointed?.dataset["tells"]) tell(pointed.dataset["tells"]);
    });
  }
  for (const event of ["pointerleave", "focusout"]) within.addEventListener(event, () => light(within, []));
}

function light(within: HTMLElement, names: string[]): void {
  const drawn = [...within.querySelectorAll<HTMLElement>("[data-digit]")];
  const lit = new Set(names);
  const sources = drawn
    .filter(({ dataset }) => lit.has(dataset["digit"] ?? ""))
    .flatMap(({ dataset }) => dataset["from"]?.split(" ") ?? []);
  for (const digit of drawn) {
    const id = digit.dataset["digit"] ?? "";
    const from = digit.dataset["from"]?.split(" ") ?? [];
    digit.classList.toggle("lit", lit.has(id) || sources.includes(id) || from.some((name) => lit.has(name)));
  }
}

function tell(text: string): void {
  const place = byId("field-note");
  if (place.textContent !== text) place.textContent = text;
}
