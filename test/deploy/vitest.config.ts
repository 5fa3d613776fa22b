import { resolve } from "node:path"
import { defineConfig } from "vitest/config"

/** The tests that need root, Debian and its tools: `npm run test:deploy`. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, "../.."),
    include: ["test/deploy/**/*.deploy.ts"],
    globalSetup: ["test/support/globalSetup.ts", "test/support/programBundle.ts", "test/deploy/support/globalSetup.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 600_000
  }
})
