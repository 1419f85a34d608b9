//  struct ifreq, netdevice(7), which ioctl takes about an interface: 40 bytes in the machine's own order
//
//   0            16          18                            40
//  ┌────────────┬───────────┬─────────────────────────────┐
//  │ name (16)  │ flags                                   │
//  │            │ index or MTU (4)                        │
//  │            │ family    │ MAC (6)                     │
//  └────────────┴───────────┴─────────────────────────────┘
const LENGTH = 40;
const VALUE = 16;
const ARPHRD_ETHER = 1;

/** A request about one interface, and the answer in its place. */
export class Ifreq {
  readonly bytes = new Uint8Array(LENGTH);
  readonly #value16 = new Uint16Array(this.bytes.buffer, VALUE, 1);
  readonly #value32 = new Int32Array(this.bytes.buffer, VALUE, 1);

  /** @param name the interface's, of at most 15 bytes */
  constructor(name: string) {
    this.bytes.set(new TextEncoder().encode(name));
  }

  get name(): string {
    return new TextDecoder().decode(this.bytes.subarray(0, this.bytes.indexOf(0)));
  }

  get flags(): number {
    return this.#value16[0] ?? 0;
  }

  set flags(flags: number) {
    this.#value16[0] = flags;
  }

  get number(): number {
    return this.#value32[0] ?? 0;
  }

  set number(number: number) {
    this.#value32[0] = number;
  }

  /** Whether the MAC is one of Ethernet. */
  get isEthernet(): boolean {
    return this.#value16[0] === ARPHRD_ETHER;
  }

  get mac(): Uint8Array {
    return this.bytes.slice(VALUE + 2, VALUE + 8);
  }

  set mac(mac: Uint8Array) {
    this.#value16[0] = ARPHRD_ETHER;
    this.bytes.set(mac, VALUE + 2);
  }
}
