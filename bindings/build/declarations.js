// Makes one declaration file of each entry's many, and its documentation as data for the tests.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TYPES = `${ROOT}/dist/types`;

declare("sixplane/index", "index");
// The other entries import the library by its name, as their code does: from a package beside them.
const beside = `${TYPES}/node_modules/sixplane`;
mkdirSync(beside, { recursive: true });
cpSync(`${ROOT}/dist/index.d.ts`, `${beside}/index.d.ts`);
writeFileSync(`${beside}/package.json`, '{ "type": "module", "types": "index.d.ts" }');
writeFileSync(`${TYPES}/package.json`, '{ "type": "module" }');
declare("capture/index", "capture");
declare("tap/index", "tap");
rmSync(`${TYPES}/node_modules`, { recursive: true });

/**
 * @param {string} entry what `tsc` made of the entry's source
 * @param {string} name what its declarations are called in the package
 */
function declare(entry, name) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: `${TYPES}/${entry}.d.ts`,
      compiler: { overrideTsconfig: tsconfig(`${TYPES}/${entry}.d.ts`) },
      apiReport: { enabled: false },
      tsdocMetadata: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: `${ROOT}/dist/${name}.d.ts` },
      docModel: { enabled: true, apiJsonFilePath: `${TYPES}/${name}.api.json` },
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
