import { SixplaneError } from "sixplane";

/** The fabric could not be opened: the operating system or a name server refused. */
export class FabricError extends SixplaneError {
  override name = "FabricError";
}
