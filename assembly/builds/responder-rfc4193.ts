// The responder for RFC 4193 addresses alone.
export { respond } from "../respond";
