/** A WebAssembly module: embedded by the bundler as base64, or made by the runtime that imports it. */
declare module "*.wasm" {
  const build: string | WebAssembly.Module;
  export default build;
}
