/** For how many tokens the clock is looked at once: what it says is an object each time. */
const TOKENS_PER_LOOK = 64;

const TOKENS = 0;
const FILLED = 1;

/**
 * A token bucket: so many tokens in a second, and room for those of one second, with which it starts. The
 * clock is one that nobody sets.
 */
export class Bucket {
  readonly #rate: number;
  readonly #numbers: Float64Array; // as fields, they would be new objects at each change
  #tokensToLook = TOKENS_PER_LOOK;

  /** @param rate tokens per second */
  constructor(rate: number) {
    this.#rate = rate;
    this.#numbers = Float64Array.of(rate, performance.now());
  }

  /** Takes a token, where there is one. */
  take(): boolean {
    if (--this.#tokensToLook < 0) this.fill();
    const tokens = this.#numbers[TOKENS] ?? 0;
    if (tokens < 1) return false;
    this.#numbers[TOKENS] = tokens - 1;
    return true;
  }

  /** Adds the tokens of the time that has passed: for who has been waiting. */
  fill(): void {
    const now = performance.now();
    const passed = (now - (this.#numbers[FILLED] ?? 0)) / 1000;
    this.#numbers[TOKENS] = Math.min(this.#rate, (this.#numbers[TOKENS] ?? 0) + passed * this.#rate);
    this.#numbers[FILLED] = now;
    this.#tokensToLook = TOKENS_PER_LOOK;
  }
}
