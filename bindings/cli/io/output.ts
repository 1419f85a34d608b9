import { once } from "node:events";
import type { Verdict } from "sixplane";
import { Failure, systemReason } from "./failure.ts";

/** Lines on stdout, no faster than they are read. */
export class Output {
  /** What to do when nobody reads any more, as after `| head`; nothing, where there is work to go on with. */
  onUnread: () => void = () => process.exit(0);

  #closed = false;
  #failure: Failure | undefined;

  constructor() {
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      // A terminal that has been closed gives EIO.
      if (error.code === "EPIPE" || (error.code === "EIO" && process.stdout.isTTY)) this.onUnread();
      else this.#failure = new Failure(`cannot write to stdout: ${systemReason(error)}`);
      this.#closed = true;
      process.stdout.emit("drain"); // lets a waiting line go on
    });
  }

  /** Writes one line, and waits while the reader is behind. */
  async line(text: string): Promise<void> {
    this.#check();
    if (this.#closed || process.stdout.write(`${text}\n`)) return;
    await once(process.stdout, "drain");
  }

  /** Writes a value as JSON, readable, or the lines of a text. */
  async result(json: boolean | undefined, value: unknown, lines: string[]): Promise<void> {
    await this.line(json ? JSON.stringify(value, null, 2) : lines.join("\n"));
  }

  /** Waits until everything has been written. */
  async finish(): Promise<void> {
    if (!this.#closed) await new Promise((resolve) => process.stdout.write("", resolve));
    this.#check();
  }

  /** @throws Failure where a line could not be written */
  #check(): void {
    if (this.#failure) throw this.#failure;
  }
}

/** Names and values in two columns. */
export function columns(rows: [name: string, value: string][]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

const COLORS: Record<Verdict["kind"], number> = { reply: 32, pass: 2, invalid: 31 };

/** The text in the colour of a verdict, on a terminal that has colours and may use them. */
export function colored(text: string, kind: Verdict["kind"]): string {
  // hasColors knows of NO_COLOR; a pipe has none.
  if (!process.stdout.isTTY || !process.stdout.hasColors()) return text;
  return `\x1b[${COLORS[kind]}m${text}\x1b[0m`;
}
