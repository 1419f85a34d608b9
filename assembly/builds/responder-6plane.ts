// The responder for 6PLANE addresses alone.
export { respond } from "../respond";
