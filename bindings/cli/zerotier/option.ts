import { Option } from "commander";
import { usualFolder } from "./identity.ts";

/** The option that takes the node address from ZeroTier. */
export function zerotierOption(): Option {
  return new Option(
    "--zerotier [folder]",
    `take the node address from ZeroTier's folder, ${usualFolder()} unless another is named`,
  );
}
