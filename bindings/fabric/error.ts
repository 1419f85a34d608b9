import { SixplaneError } from "../sixplane/errors.ts";

/** The backplane could not be opened: the operating system or a name server refused. */
export class BackplaneError extends SixplaneError {
  override name = "BackplaneError";
}
