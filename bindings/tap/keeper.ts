import type { TapError } from "./error.ts";

/** How long to wait for further changes: `ip link set zt0 down` is seldom alone. */
const FIRST_MILLISECONDS = 50;

/** How long to wait at most, where another program undoes what was put back, again and again. */
const LAST_MILLISECONDS = 1600;

/** What lies further back than this is not the same dispute. */
const DISPUTE_MILLISECONDS = 10_000;

/** What a keeper does, and whom it tells. */
export interface Keeping {
  /** Puts back what differs, and says what that was. @throws TapError where it cannot */
  restore(): string[];
  restored(what: string[]): void;
  failed(error: TapError): void;
}

/** Puts an interface back soon after somebody else has changed it. There is no timer until that happens. */
export class Keeper {
  readonly #keeping: Keeping;
  #timer: NodeJS.Timeout | undefined;
  #wait = FIRST_MILLISECONDS;
  #last = Number.NEGATIVE_INFINITY;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
  }

  /** Something of the interface may have changed. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.#look(), this.#wait);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    this.#timer = undefined;
    try {
      const what = this.#keeping.restore();
      if (what.length === 0) return;
      const now = performance.now();
      const isDispute = now - this.#last < DISPUTE_MILLISECONDS;
      this.#wait = isDispute ? Math.min(2 * this.#wait, LAST_MILLISECONDS) : FIRST_MILLISECONDS;
      this.#last = now;
      this.#keeping.restored(what);
    } catch (error) {
      this.#keeping.failed(error as TapError);
    }
  }
}
