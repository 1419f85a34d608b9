// What a build takes in the Linux kernel: eBPF instructions, and how many the verifier looks at before it lets them run.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../../bindings/build/files.js";

/** @typedef {{ ebpf: number | null, verified: number | null }} EbpfSizes */

const ENTRY = `
  export { Bpf } from "./bindings/ebpf/kernel/bpf.ts";
  export { Loaded } from "./bindings/ebpf/kernel/loaded.ts";
  export { loadLibc } from "./bindings/tap/kernel/load-libc.ts";
  export { translate } from "./bindings/ebpf/translate.ts";
`;
const INSTRUCTION_BYTES = 8;
/** Any record: the verifier does not see it. */
const RECORD = new Uint8Array(16);

const { Bpf, Loaded, loadLibc, translate } = await translator();
const bpf = process.platform === "linux" ? new Bpf(await loadLibc()) : undefined;

/** Why the verifier cannot be asked here; undefined where it can. */
export const missingVerifier = obstacle();

/**
 * @param {Uint8Array<ArrayBuffer>} module
 * @returns {EbpfSizes}
 */
export function ebpfSizes(module) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module));
  if (!exports["respond"] && !exports["permits"]) return { ebpf: null, verified: null };
  const program = translate(module);
  return { ebpf: program.bytes.length / INSTRUCTION_BYTES, verified: verified(program) };
}

/** @param {import("../../bindings/ebpf/translate.ts").Program} program */
function verified(program) {
  if (!bpf || missingVerifier !== undefined) return null;
  const loaded = new Loaded(bpf, "size", program, RECORD);
  loaded.close();
  return loaded.verified;
}

function obstacle() {
  if (!bpf) return "verified takes Linux";
  try {
    bpf.close(bpf.createMap("size", { kind: "array", bytes: 8, entries: 1 }));
    return undefined;
  } catch (error) {
    return `verified: ${error instanceof Error ? error.message : error}`;
  }
}

/** The translator, which is TypeScript: bundled where Node finds koffi from. */
async function translator() {
  const folder = mkdtempSync(join(ROOT, "node_modules", ".size-")); // dist/ holds what is built alone
  const outfile = join(folder, "ebpf.mjs");
  try {
    await build({
      stdin: { contents: ENTRY, resolveDir: ROOT },
      outfile,
      absWorkingDir: ROOT,
      bundle: true,
      format: "esm",
      platform: "node",
      external: ["koffi"],
      loader: { ".wasm": "base64" },
      logLevel: "warning",
    });
    /** @type {typeof import("../../bindings/ebpf/kernel/bpf.ts") & typeof import("../../bindings/ebpf/kernel/loaded.ts") & typeof import("../../bindings/tap/kernel/load-libc.ts") & typeof import("../../bindings/ebpf/translate.ts")} */
    const module = await import(outfile);
    return module;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
