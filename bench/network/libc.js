// What Node has no function for: network namespaces, sockets of packet(7), and the MAC of an interface.
import koffi from "koffi";

const CLONE_NEWNET = 0x40000000;
const SOCK_CLOEXEC = 0x80000;
const SOCK_NONBLOCK = 0x800;
const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 0x0300; // 3 in the order of the network
const SIOCSIFHWADDR = 0x8924;
const ARPHRD_ETHER = 1;

const libc = koffi.load(null);
const unshare = libc.func("unshare", "int", ["int"]);
const setns = libc.func("setns", "int", ["int", "int"]);
const socket = libc.func("socket", "int", ["int", "int", "int"]);
const bind = libc.func("bind", "int", ["int", "const void *", "uint"]);
const ioctl = libc.func("ioctl", "int", ["int", "ulong", "const void *"]);
const setsockopt = libc.func("setsockopt", "int", ["int", "int", "int", "const void *", "uint"]);
const getsockopt = libc.func("getsockopt", "int", ["int", "int", "int", "void *", "void *"]);
const indexOf = libc.func("if_nametoindex", "uint", ["const char *"]);

/** Takes this thread into a new network namespace. */
export function leaveNamespace() {
  check("unshare", unshare(CLONE_NEWNET));
}

/** Takes this thread into a network namespace. @param {number} file of it */
export function enterNamespace(file) {
  check("setns", setns(file, CLONE_NEWNET));
}

/** Opens a socket on an interface, which does not block. @param {string} name */
export function openPacketSocket(name) {
  const file = check("socket", socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  // struct sockaddr_ll: the family (2), the protocol (2), the interface's index (4), and a MAC
  const address = new Uint8Array(20);
  new Uint16Array(address.buffer).set([AF_PACKET, ETH_P_ALL]);
  new Uint32Array(address.buffer)[1] = indexOf(name);
  check(`bind to ${name}`, bind(file, address, address.length));
  return file;
}

/**
 * Sets an interface's MAC.
 *
 * @param {number} file a socket of the interface's namespace
 * @param {string} name
 * @param {Uint8Array} mac
 */
export function setMac(file, name, mac) {
  // struct ifreq: the name (16), and a struct sockaddr: the family (2), the MAC
  const request = new Uint8Array(40);
  new TextEncoder().encodeInto(name, request);
  new Uint16Array(request.buffer)[8] = ARPHRD_ETHER;
  request.set(mac, 18);
  check(`set the MAC of ${name}`, ioctl(file, SIOCSIFHWADDR, request));
}

/**
 * @param {number} file
 * @param {number} level
 * @param {number} option
 * @param {Uint8Array} value
 */
export function setSocketOption(file, level, option, value) {
  check("setsockopt", setsockopt(file, level, option, value, value.length));
}

/**
 * @param {number} file
 * @param {number} level
 * @param {number} option
 * @param {Uint8Array} value is written to
 */
export function getSocketOption(file, level, option, value) {
  check("getsockopt", getsockopt(file, level, option, value, Uint32Array.of(value.length)));
}

/** Where the bytes lie. @param {Uint8Array} bytes */
export function addressOf(bytes) {
  return koffi.address(bytes);
}

/**
 * @param {string} what
 * @param {number} result
 */
function check(what, result) {
  if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
  return result;
}
