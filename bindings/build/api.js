// The API of each entry, as bindings/api/ has it, so that a change of it shows in a diff.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./files.js";

const REPORTS = ["index.api.md", "capture.api.md", "tap.api.md"];

/** @throws where a report is not that of the sources */
export function checkApi() {
  for (const report of REPORTS) {
    const { committed, made } = paths(report);
    if (existsSync(committed) && readFileSync(committed, "utf8") === readFileSync(made, "utf8")) continue;
    throw new Error(`bindings/api/${report} is not the API of the sources: \`npm run api\` renews it`);
  }
}

/** Makes the reports those of the sources. */
export function renewApi() {
  for (const report of REPORTS) {
    const { committed, made } = paths(report);
    mkdirSync(join(ROOT, "bindings/api"), { recursive: true });
    copyFileSync(made, committed);
  }
}

/** @param {string} report */
function paths(report) {
  return { committed: join(ROOT, "bindings/api", report), made: join(ROOT, "dist/types", report) };
}
