// What the core's return values are called. The numbers are its ABI (assembly/reason.ts).

const PASS = {
  "-1": "not-ipv6",
  "-2": "too-short",
  "-3": "unicast-probe",
  "-4": "broadcast",
  "-5": "ip-version",
  "-6": "next-header",
  "-7": "not-solicitation",
  "-8": "not-emulated",
  "-9": "own-address",
  "-10": "reserved-owner",
} as const;

const INVALID = {
  "-17": "ethernet-source",
  "-18": "hop-limit",
  "-19": "payload-length",
  "-20": "source",
  "-21": "source-is-target",
  "-22": "destination",
  "-23": "code",
  "-24": "checksum",
  "-25": "option-length",
  "-26": "unspecified-with-link-layer",
  "-27": "link-layer-length",
} as const;

/** Why a frame is passed on; `unspecified` from a build of the core that gives no reasons. */
export type PassReason = (typeof PASS)[keyof typeof PASS] | "unspecified";

/** Why a solicitation must not be answered; `unspecified` from a build that gives no reasons. */
export type InvalidReason = (typeof INVALID)[keyof typeof INVALID] | "unspecified";

/** What to do with a frame. */
export type Verdict =
  /** `frame` is the answer, a Neighbor Advertisement of 86 bytes: it goes back where the question came from. */
  | { readonly kind: "reply"; readonly reason: "emulated"; readonly frame: Uint8Array }
  /** Not for the responder: the frame goes on its way as it is. */
  | { readonly kind: "pass"; readonly reason: PassReason }
  /** A solicitation for an emulated address that nobody may answer: best dropped. */
  | { readonly kind: "invalid"; readonly reason: InvalidReason };

/** The verdicts of a core that has no reply ready, by its return value negated. */
export const REFUSALS: readonly Verdict[] = Array.from({ length: 32 }, (_, code) =>
  Object.freeze(
    code < 16
      ? { kind: "pass", reason: named(PASS, -code) }
      : { kind: "invalid", reason: named(INVALID, -code) },
  ),
);

function named<Name extends string>(names: Record<string, Name>, code: number): Name | "unspecified" {
  return names[code] ?? "unspecified";
}
