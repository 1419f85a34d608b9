// The responder for RFC 4193 addresses alone.
export * from "../memory";
export { respond } from "../respond";
