import { SixplaneError } from "../sixplane/errors.ts";

/** The fabric could not be opened: the operating system or a name server refused. */
export class FabricError extends SixplaneError {
  override name = "FabricError";
}
