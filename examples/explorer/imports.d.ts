// What vite.config.ts makes of files.

/** A file's bytes, in base64. */
declare module "*?base64" {
  const bytes: string;
  export default bytes;
}

/** A WebAssembly module, as text. */
declare module "*?wat" {
  const text: string;
  export default text;
}
