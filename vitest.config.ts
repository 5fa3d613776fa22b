import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

/** Tests that wait for processes, sockets and timers leave the cores to others: twice as many files as cores at once. */
const waitingWorkers = Math.max(4, 2 * availableParallelism())

export default defineConfig({
  test: {
    globalSetup: ["test/support/globalSetup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/layers/**", "test/deploy/**"],
          isolate: false,
          pool: "threads",
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 }
        }
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["test/layers/**/*.test.ts", "test/deploy/**/*.test.ts"],
          globalSetup: ["test/support/programBundle.ts"],
          isolate: false,
          maxWorkers: waitingWorkers,
          maxConcurrency: 20,
          sequence: { groupOrder: 2 }
        }
      }
    ],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 80 }
    }
  }
})
