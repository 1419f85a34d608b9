import { TapError } from "../error.ts";
import type { Libc } from "./libc.ts";

/**
 * The C library of the process that this runs in.
 *
 * @throws TapError where there is no way to call it
 */
export async function loadLibc(): Promise<Libc> {
  if (process.platform !== "linux") {
    throw new TapError(`TAP interfaces need Linux, this is ${process.platform}`, "ENOSYS");
  }
  const { openLibc } = "Deno" in globalThis ? await import("./libc-deno.ts") : await import("./libc-node.ts");
  return openLibc();
}
