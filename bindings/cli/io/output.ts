import { once } from "node:events";
import { mismatch, type Verdict } from "sixplane";
import { Failure, systemReason } from "./failure.ts";

const COLORS: Record<Verdict["kind"], number> = { reply: 32, pass: 2, invalid: 31 };

/** Lines on stdout, or on stderr where stdout has something else, no faster than they are read. */
export class Output {
  /** What to do when nobody reads any more, as after `| head`; nothing, where there is work to go on with. */
  onUnread: () => void = () => process.exit(0);

  readonly #stream: NodeJS.WriteStream;
  #closed = false;
  #failure: Failure | undefined;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // A terminal that has been closed gives EIO.
      if (error.code === "EPIPE" || (error.code === "EIO" && stream.isTTY)) this.onUnread();
      else this.#failure = new Failure(`cannot write to ${this.#name}: ${systemReason(error)}`);
      this.#closed = true;
      stream.emit("drain"); // lets a waiting line go on
    });
  }

  get #name(): string {
    return this.#stream === process.stdout ? "stdout" : "stderr";
  }

  /** Writes one line, and waits while the reader is behind. */
  async line(text: string): Promise<void> {
    await this.bytes(`${text}\n`);
  }

  /** Writes bytes as they are, and waits while the reader is behind. */
  async bytes(bytes: Uint8Array | string): Promise<void> {
    this.#check();
    if (this.#closed || this.#stream.write(bytes)) return;
    await once(this.#stream, "drain");
  }

  /** @throws InputError where bytes would go to a terminal, which takes some of them as commands */
  refuseTerminal(what: string): void {
    if (this.#stream.isTTY) throw mismatch(what, `a file, as ${this.#name} is a terminal`, "-");
  }

  /** The text in the colour of a verdict, on a terminal that has colours and may use them. */
  colored(text: string, kind: Verdict["kind"]): string {
    // hasColors knows of NO_COLOR; a pipe has none.
    if (!this.#stream.isTTY || !this.#stream.hasColors()) return text;
    return `\x1b[${COLORS[kind]}m${text}\x1b[0m`;
  }

  /** Writes a value as JSON, readable, or the lines of a text. */
  async result(json: boolean | undefined, value: unknown, lines: string[]): Promise<void> {
    await this.line(json ? JSON.stringify(value, null, 2) : lines.join("\n"));
  }

  /** Waits until everything has been written. */
  async finish(): Promise<void> {
    if (!this.#closed) await new Promise((resolve) => this.#stream.write("", resolve));
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
