/** A module, or a function of it, cannot be translated to eBPF. The message says where and why. */
export class TranslationError extends Error {
  override name = "TranslationError";
}

/** The error about what stands at a place of the module, in bytes from its start. */
export function refusal(at: number, what: string): TranslationError {
  return new TranslationError(`byte 0x${at.toString(16)} of the module: ${what}`);
}
