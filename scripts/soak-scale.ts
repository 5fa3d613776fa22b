/** The soak of the replicas: `npm run soak:scale -- [--minutes 30] [--seed S]`. */
import { spawnSync } from "node:child_process"
import process from "node:process"
import { parseArgs } from "node:util"

const { values: { minutes, seed } } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, seed: { type: "string", default: String(Date.now()) } }
})
console.log(`seed ${seed}`)
const { status } = spawnSync("npx", ["vitest", "run", "--config", "test/scale/vitest.config.ts", "soak"], {
  stdio: "inherit",
  env: { ...process.env, SOAK_MINUTES: minutes, SOAK_SEED: seed }
})
process.exitCode = status ?? 1
