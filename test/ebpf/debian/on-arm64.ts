// The same kernel for arm64, in an emulated machine: `npm run test:arm64`.
import { describe } from "vitest";
import { arm64 } from "./arm64.ts";
import { testMachine } from "./suite.ts";

describe("in Linux 6.1 on arm64", () => testMachine(arm64, 600_000));
