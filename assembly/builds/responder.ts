// The responder alone.
export * from "../memory";
export { respond } from "../respond";
