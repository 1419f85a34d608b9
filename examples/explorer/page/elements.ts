// Finding, making and filling elements.

/** The element of that ID, which the page has. */
export function byId<Type extends HTMLElement = HTMLElement>(id: string): Type {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as Type;
}

/** A new element. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** What the act gives; or nothing, where it fails, and why in words below the field. */
export function orRefusal<Type>(
  field: HTMLInputElement | HTMLTextAreaElement,
  act: () => Type,
): Type | undefined {
  let refusal = "";
  let given: Type | undefined;
  try {
    given = act();
  } catch (error) {
    refusal = (error as Error).message;
  }
  refuse(field, refusal);
  return given;
}

/** Says below a field what is wrong with its text; nothing where that is "". */
export function refuse(field: HTMLElement, refusal: string): void {
  const place = byId(`${field.id}-error`);
  if (place.textContent !== refusal) place.textContent = refusal;
  field.setAttribute("aria-invalid", String(refusal !== ""));
}

/** Gives a field its text, unless it has it: that would move the cursor. */
export function fill(field: HTMLInputElement | HTMLTextAreaElement, text: string): void {
  if (field.value !== text) field.value = text;
}

/** The bytes that base64 stands for. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A whole number with its thousands apart. */
export function grouped(number: number | bigint): string {
  return number.toLocaleString("en");
}
