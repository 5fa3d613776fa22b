import { defineConfig } from "vitest/config"

/** The page of the playground in a real browser: `npm run test:browser`. */
export default defineConfig({
  test: {
    include: ["test/browser/*.browser.ts"],
    globalSetup: ["test/support/programBundle.ts", "test/browser/chromium.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
