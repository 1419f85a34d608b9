// Everything: the responder with its reasons, derivation and its inverse.
export { mac, macOwner, owner, rfc4193, sixplane } from "../derive";
export { neighbour } from "../neighbour";
export { permits } from "../permits";
export { respond } from "../respond";
