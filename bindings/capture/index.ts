// Captures, for any runtime.
export { describe } from "./describe.ts";
export { type CapturedFrame, CaptureError } from "./frame.ts";
export { type CaptureVerdict, judge } from "./judge.ts";
export { linkTypeName } from "./link-types.ts";
export { pcapHeader, pcapRecord } from "./pcap.ts";
export { type Capture, readCapture } from "./read.ts";
