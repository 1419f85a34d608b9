// Captures of Ethernet frames, for any runtime: an entry of its own, with errors of its own classes.
export { InputError } from "../sixplane/errors.ts";
export { describe } from "./describe.ts";
export { type CapturedFrame, CaptureError } from "./frame.ts";
export { pcapHeader, pcapRecord } from "./pcap.ts";
export { readCapture } from "./read.ts";
