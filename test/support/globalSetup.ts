import { buildProgram } from "./programBundle.ts"
import { natsServerBinary } from "./natsServerBinary.ts"
import { promtool } from "./promtool.ts"

/** Runs once before all tests, so that none of them has to fetch or build anything. */
export const setup = async (): Promise<void> => {
  natsServerBinary()
  promtool()
  await buildProgram()
}
