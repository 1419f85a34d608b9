import { formatEndpoint } from "../../fabric/endpoint.ts";
import type { Output } from "../io/output.ts";
import type { Notices } from "./up-notices.ts";
import type { DataPath } from "./up-path.ts";
import { TableWatch } from "./up-table.ts";

const INTERVAL_MILLISECONDS = 1000;

/** What a terminal takes to write over the line that it is in. */
const ERASED = "\r\x1b[K";

/**
 * What `sixplane up` prints: a line when it is ready; counters every second, as lines of JSON or in one line
 * that is written over on a terminal; and the counters at the end.
 */
export class Report {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #path: DataPath;
  readonly #notices: Notices;
  readonly #table: TableWatch;
  #timer: NodeJS.Timeout | undefined;
  #printing: Promise<void> | undefined;

  constructor(output: Output, json: boolean, path: DataPath, notices: Notices) {
    this.#output = output;
    this.#json = json;
    this.#path = path;
    this.#notices = notices;
    this.#table = new TableWatch(notices);
  }

  /** @throws Failure where it cannot be printed */
  async start(): Promise<void> {
    const { name, mac, mtu, way: underlay, addresses, peers, kind: datapath } = this.#path;
    const listen = formatEndpoint(this.#path.listening);
    await this.#output.line(
      this.#json
        ? JSON.stringify({ event: "ready", name, mac, mtu, underlay, addresses, listen, peers, datapath })
        : `${name} is up: ${addresses.join(", ")}, MAC ${mac}, listening on ${listen}, ${counted(peers, "peer")}, ` +
            `datapath ${datapath}`,
    );
    await this.#output.finish();
    this.#notices.release();
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MILLISECONDS);
  }

  /** Prints the last line, but does not wait for its reader: the host is down, and its end not to be held up. */
  end(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    const erased = process.stdout.isTTY && !this.#json ? ERASED : "";
    const line = this.#json ? this.#object("end") : this.#sentence();
    this.#output.line(`${erased}${line}`).catch(() => {}); // Output says it at the end
  }

  /** Looks at the kernel's table, and prints once more, unless the last time is still waiting for a reader. */
  #tick(): void {
    this.#table.look();
    this.#printing ??= this.#live()
      .catch(() => clearInterval(this.#timer)) // Output keeps what is wrong with stdout, and says it at the end
      .finally(() => {
        this.#printing = undefined;
      });
  }

  async #live(): Promise<void> {
    if (this.#json) await this.#output.line(this.#object("counters"));
    else if (process.stdout.isTTY) process.stdout.write(`${ERASED}${this.#sentence()}`);
  }

  #object(event: "counters" | "end"): string {
    return JSON.stringify({ event, ...this.#path.counters() });
  }

  #sentence(): string {
    const { tap, fabric } = this.#path.counters();
    const { reply, dropped } = tap;
    const { sent, received, dropped: lost } = fabric;
    const all = [...Object.values(dropped), ...Object.values(lost)].reduce((sum, count) => sum + count, 0);
    return `${reply - dropped.unsent - dropped.limited} answered, ${sent} sent to peers, ${received} received, ${all} dropped`;
  }
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
