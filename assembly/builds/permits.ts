// Whether a node may have sent a frame: for who takes frames from others.
export { permits } from "../permits";
