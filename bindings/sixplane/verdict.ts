import { INVALID_REASONS, PASS_REASONS } from "./core.ts";

/**
 * Why a frame is passed on; `unspecified` from a build of the core that gives no reasons. The README's table of
 * rules says what each stands for.
 *
 * @example
 * const reason: PassReason = "unicast-probe"; // rule A3
 */
export type PassReason = (typeof PASS_REASONS)[keyof typeof PASS_REASONS] | "unspecified";

/**
 * Why a solicitation must not be answered (mostly RFC 4861 §7.1.1); `unspecified` from a build of the core that
 * gives no reasons. The README's table of rules says what each stands for.
 *
 * @example
 * const reason: InvalidReason = "hop-limit"; // rule B2
 */
export type InvalidReason = (typeof INVALID_REASONS)[keyof typeof INVALID_REASONS] | "unspecified";

/**
 * What to do with a frame.
 *
 * @example
 * const verdict: Verdict = responder.answer(frame);
 * if (verdict.kind === "reply") tap.write(verdict.frame);
 * else if (verdict.kind === "pass") forward(frame);
 * else console.warn(verdict.reason);
 */
export type Verdict =
  /** `frame` is the answer, a Neighbor Advertisement of 86 bytes: it goes back where the question came from. */
  | { readonly kind: "reply"; readonly reason: "emulated"; readonly frame: Uint8Array }
  /** Not for the responder: the frame goes on its way as it is. */
  | { readonly kind: "pass"; readonly reason: PassReason }
  /** A solicitation for an emulated address that nobody may answer: best dropped. */
  | { readonly kind: "invalid"; readonly reason: InvalidReason };

/**
 * The verdicts on frames that are not answered, by what the core returned for them, negated.
 *
 * @internal
 */
export const REFUSALS: readonly Verdict[] = Array.from({ length: 32 }, (_, code) =>
  Object.freeze(
    code < 16
      ? { kind: "pass", reason: named(PASS_REASONS, -code) }
      : { kind: "invalid", reason: named(INVALID_REASONS, -code) },
  ),
);

function named<Name extends string>(names: Record<string, Name>, code: number): Name | "unspecified" {
  return names[code] ?? "unspecified";
}
