// What the library may use of a runtime: what Node, Deno, Bun, workerd and browsers all have. The library and the
// captures are checked with these types alone, so that a use of anything else fails.

declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: "WebAssembly.Module";
  }
  const Module: { prototype: Module; new (bytes: BufferSource): Module };

  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  const Memory: { prototype: Memory };
  type Table = object;

  interface Instance {
    readonly exports: Record<string, unknown>;
  }

  const CompileError: ErrorConstructor;

  function validate(bytes: BufferSource): boolean;
}

type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

interface Response {
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}
declare const Response: { prototype: Response; new (): Response };

/** Takes what is packed at one end, and gives it unpacked at the other. */
interface DecompressionStream {
  readonly readable: {
    getReader(): { read(): Promise<{ done: boolean; value?: unknown }>; cancel(): Promise<void> };
  };
  readonly writable: {
    getWriter(): { write(chunk: BufferSource): Promise<void>; close(): Promise<void> };
  };
}
declare const DecompressionStream: { new (format: "gzip"): DecompressionStream };

/** Decodes base64. */
declare function atob(text: string): string;
