// The responder alone.
export { respond } from "../respond";
