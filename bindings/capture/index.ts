// Captures of Ethernet frames, for any runtime.
export { describe } from "./describe.ts";
export { type CapturedFrame, CaptureError } from "./frame.ts";
export { pcapHeader, pcapRecord } from "./pcap.ts";
export { readCapture } from "./read.ts";
