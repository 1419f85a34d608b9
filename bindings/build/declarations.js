// The declarations of each entry in one file, and in types/ its API as a report and its documentation as data.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { ROOT } from "./files.js";

/** @param {string} out */
export function declare(out) {
  const types = `${out}/types`;
  const tsc = `${ROOT}/node_modules/typescript/bin/tsc`;
  execFileSync(process.execPath, [tsc, "-p", `${ROOT}/bindings`, "--outDir", types], { stdio: "inherit" });
  rollUp(out, "sixplane/index", "index");
  // The other entries import the library by its name, as their code does: from a package beside them.
  const beside = `${types}/node_modules/sixplane`;
  mkdirSync(beside, { recursive: true });
  cpSync(`${out}/index.d.ts`, `${beside}/index.d.ts`);
  writeFileSync(`${beside}/package.json`, '{ "type": "module", "types": "index.d.ts" }');
  writeFileSync(`${types}/package.json`, '{ "type": "module" }');
  rollUp(out, "capture/index", "capture");
  rollUp(out, "tap/index", "tap");
  rmSync(`${types}/node_modules`, { recursive: true });
}

/**
 * @param {string} out
 * @param {string} entry what `tsc` made of the entry's source
 * @param {string} name what its declarations are called in the package
 */
function rollUp(out, entry, name) {
  const types = `${out}/types`;
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: dirname(out),
      mainEntryPointFilePath: `${types}/${entry}.d.ts`,
      compiler: { overrideTsconfig: tsconfig(`${types}/${entry}.d.ts`) },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: types,
        reportTempFolder: `${dirname(out)}/temp`,
      },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: `${out}/${name}.d.ts` },
      docModel: { enabled: true, apiJsonFilePath: `${types}/${name}.api.json` },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error },
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None }, // what only makes up other types
          "ae-missing-release-tag": { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } }, // TSDoc wants more signs
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: `${ROOT}/package.json`,
  });
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true, // writes the report; checkApi compares it with the committed one
    messageCallback: (message) => {
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  if (!succeeded) throw new Error(`no declarations of ${name}`);
}

/** @param {string} file */
function tsconfig(file) {
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    lib: ["es2022", "dom"],
    types: ["node"],
    strict: true,
    skipLibCheck: true,
  };
  return { compilerOptions, files: [file] };
}
