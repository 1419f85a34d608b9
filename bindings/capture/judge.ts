import type { Responder, Verdict } from "sixplane";
import type { CapturedFrame } from "./frame.ts";

/**
 * The responder's decision about a captured frame. It passes a frame with the reason `mac-not-captured` where the
 * decision depends on a MAC that the capture does not hold.
 *
 * @example
 * const verdict: CaptureVerdict = judge(responder, captured);
 * if (verdict.reason === "mac-not-captured") console.warn("capture on the interface itself, not on any");
 */
export type CaptureVerdict = Verdict | { readonly kind: "pass"; readonly reason: "mac-not-captured" };

const MAC_NOT_CAPTURED: CaptureVerdict = Object.freeze({ kind: "pass", reason: "mac-not-captured" });

/**
 * What a responder decides about a frame of a capture.
 *
 * @param responder a host's responder
 * @param frame a frame as `readCapture` gives it
 * @returns the responder's verdict; for a solicitation of an emulated address whose destination MAC is not in the
 *   capture, the verdict `mac-not-captured`. A reply's `frame` is a view until the responder's next call
 * @throws InputError where the frame has no bytes, which a frame of `readCapture` always has
 * @example
 * for await (const frame of readCapture(file.stream())) console.log(judge(responder, frame).reason);
 */
export function judge(responder: Responder, frame: CapturedFrame): CaptureVerdict {
  const verdict = responder.answer(frame.bytes);
  // A MAC that is not there is zero. The core looks at the destination MAC before the source's, and behind all else that
  // makes a frame pass: the zero is a unicast address, and no owner's.
  return frame.lacks && verdict.reason === "unicast-probe" ? MAC_NOT_CAPTURED : verdict;
}
