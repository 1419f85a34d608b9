// Buttons that copy, and say that they did.
import { byId, element } from "./elements.ts";

/** A button that copies what `text` gives; `what` is that thing's name, `label` what the button says. */
export function copyButton(what: string, text: () => string, label = "Copy"): HTMLButtonElement {
  const button = element("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, label);
  button.addEventListener("click", async () => {
    const done = await copy(text());
    announce(done ? `Copied: ${what}` : `This browser does not let pages copy: select ${what} by hand`);
    button.textContent = done ? "Copied" : "Failed";
    button.addEventListener("blur", () => (button.textContent = label), { once: true });
    button.addEventListener("pointerleave", () => (button.textContent = label), { once: true });
  });
  return button;
}

/** Has screen readers say it, and shows it for a while. */
export function announce(text: string): void {
  const status = byId("status");
  status.replaceChildren(element("span", {}, text));
}

/** By the clipboard's interface, which only secure origins have, or else as the keyboard does it. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const place = element("textarea", { readonly: "" });
    const focused = document.activeElement as HTMLElement | null;
    place.value = text;
    document.body.append(place);
    place.select();
    const done = document.execCommand("copy");
    place.remove();
    focused?.focus();
    return done;
  }
}
