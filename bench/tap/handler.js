// handler.js NAME NETWORK NODE: answers the solicitations of a TAP interface until SIGTERM, as responder.c does.
import { openTap } from "sixplane/tap";

const [name = "", network = "", node = ""] = process.argv.slice(2);
const tap = await openTap({ network, node, name });
process.once("SIGTERM", () => tap.close());
console.log("ready");
