import { statfs } from "node:fs/promises"
import { Effect } from "effect"

/** Linux's numbers of file systems that end with what they belong to. */
const volatile = new Map([
  [0x79_4c_76_30, "it is the container's own and goes with it: mount a volume there"],
  [0x01_02_19_94, "it is in memory and ends with the machine or the container: choose one on a disk"]
])

/** What a file system of that kind does to the state, if it does not keep it. */
export const lossIn = (kind: number): string | undefined => volatile.get(kind)

/** Warns where the directory does not outlive what it is in; whether it can be used is said elsewhere. */
export const warnOfLoss = (directory: string): Effect.Effect<void> =>
  Effect.tryPromise(() => statfs(directory)).pipe(
    Effect.flatMap(({ type }) => {
      const loss = lossIn(type)
      return loss === undefined ? Effect.void : Effect.logWarning(`State in ${directory} does not last: ${loss}`)
    }),
    Effect.ignore,
    Effect.annotateLogs({ logger: "State" })
  )
