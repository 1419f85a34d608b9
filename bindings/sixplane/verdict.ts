import { INVALID_REASONS, PASS_REASONS } from "./core.ts";

/**
 * Why a frame is passed on. `unspecified` comes from builds of the core without reasons. The rule table in
 * assembly/README.md explains each reason.
 *
 * @example
 * const reason: PassReason = "unicast-probe"; // rule A3
 */
export type PassReason = (typeof PASS_REASONS)[number] | "unspecified";

/**
 * Why a solicitation must not be answered (mostly RFC 4861 §7.1.1). `unspecified` comes from builds of the core
 * without reasons. The rule table in assembly/README.md explains each reason.
 *
 * @example
 * const reason: InvalidReason = "hop-limit"; // rule B2
 */
export type InvalidReason = (typeof INVALID_REASONS)[number] | "unspecified";

/**
 * The responder's decision about one frame.
 *
 * @example
 * const verdict: Verdict = responder.answer(frame);
 * if (verdict.kind === "reply") deliver(verdict.frame);
 * else if (verdict.kind === "pass") forward(frame);
 * else console.warn(verdict.reason);
 */
export type Verdict =
  /** `frame` is the answer, a Neighbor Advertisement of 86 bytes. Send it to the host that asked. */
  | { readonly kind: "reply"; readonly reason: "emulated"; readonly frame: Uint8Array }
  /** Not for the responder: forward the frame unchanged. */
  | { readonly kind: "pass"; readonly reason: PassReason }
  /** An invalid solicitation for an emulated address: drop the frame. */
  | { readonly kind: "invalid"; readonly reason: InvalidReason };

/**
 * The verdicts without a reply. The index is the negated return value of `respond`, 0 to 31.
 *
 * @internal
 */
export const REFUSALS: readonly Verdict[] = Array.from({ length: 32 }, (_, code) =>
  Object.freeze(
    code < 16
      ? { kind: "pass", reason: PASS_REASONS[code - 1] ?? "unspecified" }
      : { kind: "invalid", reason: INVALID_REASONS[code - 17] ?? "unspecified" },
  ),
);
