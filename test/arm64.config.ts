// What takes another processor, emulated: `npm run test:arm64`. It fetches packages, and takes minutes.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: fileURLToPath(new URL("..", import.meta.url)),
  test: { globalSetup: "test/ebpf/debian/fetch-arm64.ts", include: ["test/ebpf/debian/on-arm64.ts"] },
});
