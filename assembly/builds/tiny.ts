// The responder with no more checks than the ZeroTier core makes: for a host whose own stack, which makes
// no malformed solicitations, is the only one to ask.
export { respond } from "../respond";
