import process from "node:process"
import { exitCodes } from "./ExitCodes.ts"

// Without packages: it runs before any of them is loaded.

/** Signals that arrived before they could be handled. */
const early = new Set<NodeJS.Signals>()
let stops = 0

const userSignals: ReadonlyArray<NodeJS.Signals> = ["SIGUSR1", "SIGUSR2"]

const hold = (signal: NodeJS.Signals): void => void early.add(signal)

/** A second signal does not wait: it ends the process at once (F10). */
const holdStop = (signal: NodeJS.Signals): void => {
  stops++
  if (stops > 1) process.exit(exitCodes.runtime)
  hold(signal)
}

/** Whether this process is the daemon, which reloads on SIGHUP; other commands end on it, Node's default. */
export const isDaemon = (): boolean => process.argv.includes("run")

/** From now on signals are held until they can be handled instead of ending the process. */
export const holdSignals = (): void => {
  process.on("SIGINT", holdStop)
  process.on("SIGTERM", holdStop)
  if (isDaemon()) process.on("SIGHUP", hold)
  // One would open Node's inspector, the other end the daemon without a word; `--heapsnapshot-signal` listens itself.
  for (const signal of isDaemon() ? userSignals : []) if (process.listenerCount(signal) === 0) process.on(signal, hold)
}

/** Signals that are held and mean nothing to the program. */
export const unusedSignals = (): ReadonlyArray<NodeJS.Signals> =>
  userSignals.filter((signal) => process.listeners(signal).includes(hold))

/** Takes a held signal: true if one arrived. */
export const takeEarly = (signal: NodeJS.Signals): boolean => early.delete(signal)

/** Stops the program like SIGTERM, unless it is stopping already. */
export const stop = (): void => {
  if (stops === 0) process.emit("SIGTERM")
}

/** Delivers a stop signal that is held; call it once a handler is registered. */
export const tellEarlyStop = (): void => {
  if (!early.has("SIGINT") && !early.has("SIGTERM")) return
  stops = 0
  stop()
}
