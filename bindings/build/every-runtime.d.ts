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

/** Decodes base64. */
declare function atob(text: string): string;
