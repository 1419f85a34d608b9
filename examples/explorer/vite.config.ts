import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import wabt from "wabt";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: { target: "es2022", modulePreload: false, reportCompressedSize: false },
  plugins: [embedded(), singleFile()],
});

/** Imports of `file?base64` are the file's bytes, and of `module.wasm?wat` the module as text. */
function embedded(): Plugin {
  const contents: Record<string, (bytes: Buffer) => string | Promise<string>> = {
    "?base64": (bytes) => bytes.toString("base64"),
    "?wat": disassembled,
  };
  const queryOf = (id: string) => Object.keys(contents).find((query) => id.endsWith(query)) ?? "";
  return {
    name: "embedded",
    enforce: "pre",
    async resolveId(source, importer) {
      const query = queryOf(source);
      if (!query) return;
      const found = await this.resolve(source.slice(0, -query.length), importer, { skipSelf: true });
      return found && `\0${found.id}${query}`;
    },
    async load(id) {
      const query = queryOf(id);
      const content = contents[query]?.(readFileSync(id.slice(1, -query.length)));
      return content && `export default ${JSON.stringify(await content)};`;
    },
  };
}

async function disassembled(bytes: Buffer): Promise<string> {
  const { readWasm } = await wabt();
  const module = readWasm(new Uint8Array(bytes), {});
  module.generateNames();
  module.applyNames();
  return module.toText({ foldExprs: true, inlineExport: false });
}

/** Puts script and style into the page, which then is one file, and forbids it to load anything else. */
function singleFile(): Plugin {
  return {
    name: "single-file",
    enforce: "post",
    generateBundle(_, bundle) {
      const page = bundle["index.html"];
      if (page?.type !== "asset") throw new Error("vite made no index.html");
      let script = "";
      let style = "";
      for (const [name, file] of Object.entries(bundle)) {
        if (file === page) continue;
        if (file.type === "chunk") script += file.code.trim().replaceAll("</script", "<\\/script");
        else if (name.endsWith(".css")) style += String(file.source).trim();
        else throw new Error(`${name} is neither script nor style`);
        delete bundle[name];
      }
      const policy = [
        "default-src 'none'",
        `script-src 'sha256-${sha256(script)}' 'wasm-unsafe-eval'`,
        `style-src 'sha256-${sha256(style)}'`,
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
      ].join("; ");
      page.source = String(page.source)
        .replace(/\s*<script type="module"[^>]*><\/script>/, "")
        .replace(/\s*<link rel="stylesheet"[^>]*>/, "")
        .replace(
          '<meta charset="utf-8">',
          (found) => `${found}\n<meta http-equiv="Content-Security-Policy" content="${policy}">`,
        )
        .replace("</head>", (found) => `<style>${style}</style>\n${found}`)
        .replace("</body>", (found) => `<script type="module">${script}</script>\n${found}`);
    },
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
