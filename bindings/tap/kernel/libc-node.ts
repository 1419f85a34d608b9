// Under Node: through koffi, whose calls cost tens of nanoseconds, or else through Node's own node:ffi, which 26.1 has.

import { fileURLToPath } from "node:url";
import { TapError } from "../error.ts";
import type { Libc } from "./libc.ts";

/** @throws TapError where there is neither koffi nor node:ffi, or koffi cannot be loaded */
export async function openLibc(): Promise<Libc> {
  const koffi = await loadKoffi();
  if (koffi !== undefined) return throughKoffi(koffi);
  const ffi = process.getBuiltinModule?.("node:ffi") as NodeFfi | undefined;
  if (ffi !== undefined) return throughNode(ffi);
  const remedy = `${installation(fileURLToPath(import.meta.url))}, or run Node 26.1 or newer`;
  throw new TapError(`sixplane/tap needs the package koffi under Node: ${remedy}`, "ENOSYS");
}

type Koffi = typeof import("koffi")["default"];

/** @returns undefined where it is not installed */
async function loadKoffi(): Promise<Koffi | undefined> {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw new TapError(
      `sixplane/tap needs the package koffi under Node: it cannot be loaded: ${message}`,
      "ENOSYS",
    );
  }
}

/** The command that installs koffi where the package at this path finds it. */
function installation(path: string): string {
  if (/[\\/]_npx[\\/]/.test(path)) return "`npx --package sixplane --package koffi sixplane`";
  // Where npm's --global puts packages; a project of that name would have a node_modules of its own above.
  if (/[\\/]lib[\\/]node_modules[\\/]sixplane[\\/]/.test(path)) return "`npm install --global koffi`";
  return "`npm install koffi`";
}

/** The numbers of read(2) and write(2) as system calls, by processor. */
const NUMBERS: Record<string, { read: number; write: number }> = {
  x64: { read: 0, write: 1 },
  arm64: { read: 63, write: 64 },
  loong64: { read: 63, write: 64 },
  riscv64: { read: 63, write: 64 },
};

/**
 * read and write without the library's functions of that name: these can be cancelled by other threads, which costs 4 % of
 * a loop that answers. On other processors they are the library's.
 */
function transfers(library: ReturnType<Koffi["load"]>): Pick<Libc, "read" | "write"> {
  const numbers = NUMBERS[process.arch];
  if (numbers === undefined) {
    return {
      read: library.func("read", "intptr_t", ["int", "uintptr_t", "size_t"]),
      write: library.func("write", "intptr_t", ["int", "uintptr_t", "size_t"]),
    };
  }
  const syscall = library.func("syscall", "intptr_t", ["long", "int", "uintptr_t", "size_t"]);
  return {
    read: (file, address, length) => syscall(numbers.read, file, address, length),
    write: (file, address, length) => syscall(numbers.write, file, address, length),
  };
}

function throughKoffi(koffi: Koffi): Libc {
  const library = koffi.load(null); // what the process has loaded: glibc or musl
  return {
    open: library.func("open", "int", ["const void *", "int"]),
    close: library.func("close", "int", ["int"]),
    socket: library.func("socket", "int", ["int", "int", "int"]),
    bind: library.func("bind", "int", ["int", "const void *", "unsigned int"]),
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "const void *", "unsigned int"]),
    ioctl: library.func("ioctl", "int", ["int", "unsigned long", "void *"]),
    eventfd: library.func("eventfd", "int", ["unsigned int", "int"]),
    poll: library.func("poll", "int", ["uintptr_t", "unsigned long", "int"]),
    ...transfers(library),
    writeBytes: library.func("write", "intptr_t", ["int", "const void *", "size_t"]),
    bpf: library.func("syscall", "long", ["long", "long", "void *", "unsigned long"]),
    memcpy: library.func("memcpy", "void", ["uintptr_t", "uintptr_t", "size_t"]),
    addressOf: (bytes) => Number(koffi.address(bytes)),
    errno: () => koffi.errno(),
  };
}

/** What is used here of node:ffi, of which @types/node for Node 20 knows nothing. */
interface NodeFfi {
  dlopen(
    path: null,
    symbols: Record<string, Signature>,
  ): { functions: Record<keyof typeof SIGNATURES, Function_> };
  getRawPointer(bytes: Uint8Array): bigint;
  getInt32(pointer: bigint): number;
}

interface Signature {
  arguments: readonly string[];
  return: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what a function takes and gives is as its signature says
type Function_ = (...values: any[]) => any;

/** Of 64 bits are addresses, sizes and what comes of them: node:ffi takes and gives these as BigInts. */
const SIGNATURES = {
  open: { arguments: ["buffer", "int32"], return: "int32" },
  close: { arguments: ["int32"], return: "int32" },
  socket: { arguments: ["int32", "int32", "int32"], return: "int32" },
  bind: { arguments: ["int32", "buffer", "uint32"], return: "int32" },
  setsockopt: { arguments: ["int32", "int32", "int32", "buffer", "uint32"], return: "int32" },
  ioctl: { arguments: ["int32", "uint64", "buffer"], return: "int32" },
  eventfd: { arguments: ["uint32", "int32"], return: "int32" },
  poll: { arguments: ["uint64", "uint64", "int32"], return: "int32" },
  read: { arguments: ["int32", "uint64", "uint64"], return: "int64" },
  write: { arguments: ["int32", "uint64", "uint64"], return: "int64" },
  syscall: { arguments: ["int64", "int64", "uint64", "uint64"], return: "int64" },
  memcpy: { arguments: ["uint64", "uint64", "uint64"], return: "void" },
  __errno_location: { arguments: [], return: "pointer" },
} as const;

function throughNode(ffi: NodeFfi): Libc {
  const libc = ffi.dlopen(null, SIGNATURES).functions;
  return {
    open: (path, flags) => libc.open(path, flags),
    close: (file) => libc.close(file),
    socket: (domain, type, protocol) => libc.socket(domain, type, protocol),
    bind: (socket, address, length) => libc.bind(socket, address, length),
    setsockopt: (...values) => libc.setsockopt(...values),
    ioctl: (file, request, argument) => libc.ioctl(file, BigInt(request), argument),
    eventfd: (initial, flags) => libc.eventfd(initial, flags),
    poll: (entries, count, milliseconds) => libc.poll(BigInt(entries), BigInt(count), milliseconds),
    read: (file, address, length) => Number(libc.read(file, BigInt(address), BigInt(length))),
    write: (file, address, length) => Number(libc.write(file, BigInt(address), BigInt(length))),
    writeBytes: (file, bytes, length) => Number(libc.write(file, ffi.getRawPointer(bytes), BigInt(length))),
    bpf: (number, command, attributes, length) =>
      Number(libc.syscall(BigInt(number), BigInt(command), ffi.getRawPointer(attributes), BigInt(length))),
    memcpy: (to, from, length) => libc.memcpy(BigInt(to), BigInt(from), BigInt(length)),
    addressOf: (bytes) => Number(ffi.getRawPointer(bytes)),
    errno: () => ffi.getInt32(libc.__errno_location()),
  };
}
