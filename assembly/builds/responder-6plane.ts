// The responder for 6PLANE addresses alone.
export * from "../memory";
export { respond } from "../respond";
