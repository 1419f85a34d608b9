// What the page shows is in its URL's fragment: what differs from the defaults, by these names.

export const DEFAULTS = {
  /** Which part is shown. A link that names no part is about an address, unless it is empty. */
  view: "address",
  network: "8056c2e21c000001",
  node: "89e92ceee5",
  /** The lower 48 bits of the 6PLANE address, as the end of an IPv6 address. */
  own: "1",
  /** An IPv6 address or a MAC whose owner is looked for. */
  find: "",
  /** Where frames come from: ask, hex or capture. */
  source: "ask",
  /** The address to make a solicitation for; "" for another node's. */
  ask: "",
  /** Frames in hex. */
  hex: "",
  /** The capture that comes with the page, where it is "example". */
  capture: "",
  /** The kinds of address that are answered for. */
  modes: "6plane,rfc4193",
  /** Whether probes are answered, where it is "yes". */
  probes: "",
  /** How many hosts are in the fabric. */
  hosts: "1000",
};

export type Key = keyof typeof DEFAULTS;
export type State = Readonly<Record<Key, string>>;

/** What a page shows whose URL has no fragment. */
const FIRST = "view=fabric";

/** The longest text that is put into the URL. */
export const LONGEST_SHARED = 8000;

/** Holds the state, and calls `show` with it whenever it changes. */
export class Fragment {
  #state: State = DEFAULTS;
  #edited: string | undefined;
  readonly #show: (state: State) => void;

  constructor(show: (state: State) => void) {
    this.#show = show;
  }

  /** Shows the state that the page is opened with, and from now on those that the browser goes back to. */
  start(): void {
    addEventListener("popstate", () => this.#restore());
    this.#restore();
  }

  get state(): State {
    return this.#state;
  }

  /** Takes the state from this entry of the history, which also has what is too long for a URL; else from the URL. */
  #restore(): void {
    this.#state = { ...DEFAULTS, ...(history.state ?? parseFragment(location.hash.slice(1) || FIRST)) };
    this.#edited = undefined;
    this.#show(this.#state);
  }

  /**
   * Changes the state. An entry of the history is what stood in a field when another one was turned to:
   * going back undoes an edit, not a letter.
   */
  set(change: Partial<State>): void {
    const edited = Object.keys(change).join();
    this.#state = { ...this.#state, ...change };
    const url = `${location.pathname}${location.search}#${fragment(this.#state)}`;
    try {
      if (edited === this.#edited && edited !== "view") history.replaceState(this.#state, "", url);
      else history.pushState(this.#state, "", url);
      this.#edited = edited;
    } catch {
      // Browsers bound how often and how much: what is shown does not wait for that, and the next change has it all.
    }
    this.#show(this.#state);
  }
}

function parseFragment(hash: string): Partial<State> {
  const given = [...new URLSearchParams(hash)];
  return Object.fromEntries(given.filter(([key]) => key in DEFAULTS));
}

/** The fragment that stands for a state. */
export function fragment(state: State): string {
  const given = new URLSearchParams();
  for (const key of Object.keys(DEFAULTS) as Key[]) {
    if (state[key] !== DEFAULTS[key] && state[key].length <= LONGEST_SHARED) given.set(key, state[key]);
  }
  return given.toString() || `view=${state.view}`;
}
