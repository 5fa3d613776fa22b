import { natsServerBinary } from "./natsServerBinary.ts"

/** Runs once before all tests, so that none of them has to fetch anything. */
export const setup = (): void => {
  natsServerBinary()
}
