// Through Deno's own foreign function interface.

import type { Libc } from "./libc.ts";

/** A pointer, which Deno keeps apart from numbers. */
type Pointer = { readonly pointer: unique symbol };

interface Signature {
  name?: string;
  parameters: string[];
  result: string;
}

/** What is used here of Deno, on whose types this package does not depend. */
interface Deno {
  dlopen(path: string, symbols: Record<string, Signature>): { symbols: unknown };
  UnsafePointer: { of(bytes: Uint8Array): Pointer; value(pointer: Pointer): bigint };
  UnsafePointerView: new (pointer: Pointer) => { getInt32(): number };
}

type Symbols = Omit<Libc, "addressOf" | "errno"> & { __errno_location(): Pointer };

/** @throws Deno.errors.NotCapable without --allow-ffi */
export function openLibc(): Libc {
  const { dlopen, UnsafePointer, UnsafePointerView } = (globalThis as unknown as { Deno: Deno }).Deno;
  // Deno is built for glibc. Results are declared as i32, which they fit: an isize comes as a BigInt.
  const { symbols } = dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
    poll: { parameters: ["usize", "usize", "i32"], result: "i32" },
    read: { parameters: ["i32", "usize", "usize"], result: "i32" },
    write: { parameters: ["i32", "usize", "usize"], result: "i32" },
    writeBytes: { name: "write", parameters: ["i32", "buffer", "usize"], result: "i32" },
    bpf: { name: "syscall", parameters: ["usize", "usize", "buffer", "usize"], result: "i32" },
    memcpy: { parameters: ["usize", "usize", "usize"], result: "void" },
    __errno_location: { parameters: [], result: "pointer" },
  });
  const libc = symbols as Symbols;
  return {
    ...libc,
    addressOf: (bytes) => Number(UnsafePointer.value(UnsafePointer.of(bytes))),
    errno: () => new UnsafePointerView(libc.__errno_location()).getInt32(),
  };
}
