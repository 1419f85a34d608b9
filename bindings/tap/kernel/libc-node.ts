// Through koffi, whose calls cost tens of nanoseconds and can take addresses as numbers.

import { TapError } from "../error.ts";
import type { Libc } from "./libc.ts";

/** @throws TapError where koffi is not installed, or cannot be loaded */
export async function openLibc(): Promise<Libc> {
  const koffi = await loadKoffi();
  const library = koffi.load(null); // what the process has loaded: glibc or musl
  return {
    open: library.func("open", "int", ["const void *", "int"]),
    close: library.func("close", "int", ["int"]),
    socket: library.func("socket", "int", ["int", "int", "int"]),
    bind: library.func("bind", "int", ["int", "const void *", "unsigned int"]),
    setsockopt: library.func("setsockopt", "int", ["int", "int", "int", "const void *", "unsigned int"]),
    ioctl: library.func("ioctl", "int", ["int", "unsigned long", "void *"]),
    eventfd: library.func("eventfd", "int", ["unsigned int", "int"]),
    poll: library.func("poll", "int", ["void *", "unsigned long", "int"]),
    read: library.func("read", "intptr_t", ["int", "uintptr_t", "size_t"]),
    write: library.func("write", "intptr_t", ["int", "uintptr_t", "size_t"]),
    writeBytes: library.func("write", "intptr_t", ["int", "const void *", "size_t"]),
    bpf: library.func("syscall", "long", ["long", "long", "void *", "unsigned long"]),
    memcpy: library.func("memcpy", "void", ["uintptr_t", "uintptr_t", "size_t"]),
    addressOf: (bytes) => Number(koffi.address(bytes)),
    errno: () => koffi.errno(),
  };
}

async function loadKoffi() {
  try {
    return (await import("koffi")).default;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === "ERR_MODULE_NOT_FOUND" ? "`npm install koffi`" : `it cannot be loaded: ${message}`;
    throw new TapError(`sixplane/tap needs the package koffi under Node: ${why}`, "ENOSYS");
  }
}
