import process from "node:process"
import { exitCodes } from "./ExitCodes.ts"

// Without packages: it runs before any of them is loaded.

/** Signals that came before anybody could act on them. */
const early = new Set<NodeJS.Signals>()
let stops = 0

const hold = (signal: NodeJS.Signals): void => void early.add(signal)

/** A second signal does not wait: it ends the process at once (F10). */
const holdStop = (signal: NodeJS.Signals): void => {
  stops++
  if (stops > 1) process.exit(exitCodes.runtime)
  hold(signal)
}

/** Whether this process is the daemon, which reloads by SIGHUP; the other commands end by it, as Node does. */
export const isDaemon = (): boolean => process.argv.includes("run")

/** From now on no signal ends the process before it could act on it; each waits to be taken. */
export const holdSignals = (): void => {
  process.on("SIGINT", holdStop)
  process.on("SIGTERM", holdStop)
  if (isDaemon()) process.on("SIGHUP", hold)
}

/** Whether a signal came that nobody has acted on; it counts no more afterwards. */
export const takeEarly = (signal: NodeJS.Signals): boolean => early.delete(signal)

/** Stops the program as SIGTERM does, unless it is stopping already. */
export const stop = (): void => {
  if (stops === 0) process.emit("SIGTERM")
}

/** Now there is somebody who stops the program: a signal that came before is told. */
export const tellEarlyStop = (): void => {
  if (!early.has("SIGINT") && !early.has("SIGTERM")) return
  stops = 0
  stop()
}
