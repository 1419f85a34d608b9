// What the kernel takes for the MAC of an address, by rtnetlink(7).
import { closeSync, readSync, writeSync } from "node:fs";
import koffi from "koffi";

const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const RTM_NEWNEIGH = 28;
const RTM_DELNEIGH = 29;
const NLM_F_REQUEST = 0x1;
const NLM_F_ACK = 0x4;
const NLM_F_REPLACE = 0x100;
const NLM_F_CREATE = 0x400;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;
const { ENOENT } = koffi.os.errno;

const socket = koffi.load(null).func("socket", "int", ["int", "int", "int"]);

/** The kernel's neighbour cache on one interface. */
export class Neighbours implements Disposable {
  readonly #socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
  readonly #index: number;
  readonly #answer = new Uint8Array(4096);

  constructor(index: number) {
    this.#index = index;
  }

  /** Lets the kernel take this MAC to be the address's, whatever it learns. */
  add(address: Uint8Array, mac: Uint8Array): void {
    const error = this.#request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, address, mac);
    if (error !== 0) throw new Error(`cannot add a neighbour: errno ${error}`);
  }

  /** Lets it know nothing of the address. */
  remove(address: Uint8Array): void {
    const error = this.#request(RTM_DELNEIGH, 0, address);
    if (error !== 0 && error !== ENOENT) throw new Error(`cannot remove a neighbour: errno ${error}`);
  }

  /** The error number with which the kernel acknowledges it, or 0. */
  #request(type: number, flags: number, address: Uint8Array, mac?: Uint8Array): number {
    // struct nlmsghdr (16), struct ndmsg (12), and attributes, each of its length (2), type (2) and value
    const message = new Uint8Array(mac ? 60 : 48);
    const view = new DataView(message.buffer);
    view.setUint32(0, message.length, true);
    view.setUint16(4, type, true);
    view.setUint16(6, NLM_F_REQUEST | NLM_F_ACK | flags, true);
    message[16] = AF_INET6;
    view.setInt32(20, this.#index, true);
    view.setUint16(24, NUD_PERMANENT, true);
    view.setUint16(28, 20, true);
    view.setUint16(30, NDA_DST, true);
    message.set(address, 32);
    if (mac) {
      view.setUint16(48, 10, true);
      view.setUint16(50, NDA_LLADDR, true);
      message.set(mac, 52);
    }
    writeSync(this.#socket, message);
    readSync(this.#socket, this.#answer);
    return -new DataView(this.#answer.buffer).getInt32(16, true);
  }

  [Symbol.dispose](): void {
    closeSync(this.#socket);
  }
}
