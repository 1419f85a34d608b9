// The few functions of the C library that a TAP needs.

/**
 * The C library of the process. As there, -1 is a failure, whose number `errno` tells.
 *
 * Memory is named by its address where a loop would otherwise make an object for every call.
 */
export interface Libc {
  open(path: Uint8Array, flags: number): number;
  close(file: number): number;
  socket(domain: number, type: number, protocol: number): number;
  bind(socket: number, address: Uint8Array, length: number): number;
  setsockopt(socket: number, level: number, option: number, value: Uint8Array, length: number): number;
  ioctl(file: number, request: number, argument: Uint8Array): number;
  eventfd(initial: number, flags: number): number;
  poll(entries: number, count: number, milliseconds: number): number;
  read(file: number, address: number, length: number): number;
  write(file: number, address: number, length: number): number;
  writeBytes(file: number, bytes: Uint8Array, length: number): number;
  /** bpf(2), by its number as a system call: the C library has no function of that name. */
  bpf(number: number, command: number, attributes: Uint8Array, length: number): number;
  memcpy(to: number, from: number, length: number): void;
  /** Where the bytes lie. They stay there for as long as their buffer lives. */
  addressOf(bytes: Uint8Array): number;
  /** The error number of the call before, which must have failed. */
  errno(): number;
}

/** Numbers of asm-generic, which x86, ARM and RISC-V share. */
export const O_RDWR = 0x2;
export const O_NONBLOCK = 0x800;
export const O_CLOEXEC = 0x80000;
export const SOCK_CLOEXEC = O_CLOEXEC;
