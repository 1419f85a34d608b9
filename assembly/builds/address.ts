// Addresses and MACs, and whose they are; no responder.
export { mac, macOwner, owner, rfc4193, sixplane } from "../derive";
export { neighbour } from "../neighbour";
