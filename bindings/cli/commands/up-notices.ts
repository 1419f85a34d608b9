import type { Output } from "../io/output.ts";
import { warn } from "../io/text.ts";

/** What is said once, as it happens: a sentence on stderr, and with `--json` a line on stdout behind "ready". */
export class Notices {
  readonly #output: Output;
  readonly #json: boolean;
  /** Lines that wait for the first one. */
  #held: string[] | undefined = [];

  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  /**
   * @param event the kind of line, with its fields
   * @param sentence the same for people
   */
  say(event: { event: string; [field: string]: unknown }, sentence: string): void {
    warn(sentence);
    if (!this.#json) return;
    const line = JSON.stringify(event);
    if (this.#held) this.#held.push(line);
    else this.#print(line);
  }

  /** Lets the lines go that wait. */
  release(): void {
    for (const line of this.#held ?? []) this.#print(line);
    this.#held = undefined;
  }

  #print(line: string): void {
    this.#output.line(line).catch(() => {}); // Output says it at the end
  }
}
