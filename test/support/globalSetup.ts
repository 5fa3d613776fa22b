import { natsServerBinaries } from "./natsServerBinary.ts"
import { promtool } from "./promtool.ts"

/** Runs once before all tests, so that none of them has to fetch anything. */
export const setup = (): void => {
  natsServerBinaries()
  promtool()
}
