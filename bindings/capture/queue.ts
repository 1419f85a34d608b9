/** Items on their way from one side to another, which waits for them. The first side can wait until more are wanted. */
export class Queue<Item> {
  readonly #items: Item[] = [];
  #isEnded = false;
  #error: unknown;
  #isWanted = false;
  #goOn: () => void = () => {};
  #giveMore: () => void = () => {};

  push(item: Item): void {
    this.#items.push(item);
    this.#isWanted = false;
    this.#goOn();
  }

  /** Ends the queue behind the items in it, by an error or well. Only the first end counts. */
  end(error?: unknown): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    this.#isWanted = false;
    this.#goOn();
  }

  /** The next item, or undefined at the end. @throws the error that ended the queue */
  async next(): Promise<Item | undefined> {
    while (this.#items.length === 0 && !this.#isEnded) {
      const pushed = new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
      this.#isWanted = true;
      this.#giveMore();
      await pushed;
    }
    if (this.#items.length === 0 && this.#error !== undefined) throw this.#error;
    return this.#items.shift();
  }

  /** Waits until the other side has taken all items and waits for more; for ever, once the queue has ended. */
  async wanted(): Promise<void> {
    if (this.#isWanted) return;
    await new Promise<void>((resolve) => {
      this.#giveMore = resolve;
    });
  }
}
