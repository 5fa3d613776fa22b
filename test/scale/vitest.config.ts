import { resolve } from "node:path"
import { defineConfig } from "vitest/config"

/** Several replicas as real processes under load, with kills: `npm run test:scale`. One file after the other. */
export default defineConfig({
  test: {
    root: resolve(import.meta.dirname, "../.."),
    include: ["test/scale/**/*.scale.ts"],
    globalSetup: ["test/support/globalSetup.ts", "test/support/programBundle.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // What was counted is part of the result.
    silent: false,
    disableConsoleIntercept: true
  }
})
