// The kernel of Debian 12, whose verifier is four years older than those of today.
import { describe } from "vitest";
import { testMachine } from "./debian/suite.ts";
import { noX64, x64 } from "./debian/x64.ts";

/** On a busy machine: alone it takes a quarter. */
const MILLISECONDS = 240_000;

describe.skipIf(noX64)(`in Linux 6.1${noX64 ? `: ${noX64}` : ""}`, () => testMachine(x64, MILLISECONDS));
