import { spawn } from "node:child_process"
import process from "node:process"
import { Clock, Effect, Schedule } from "effect"

/** How long `systemd-notify` may take. */
const within = "2 seconds"

/** Notifies systemd by its own tool: Node has no Unix datagram sockets. */
const tell = (socket: string, ...states: ReadonlyArray<string>): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const child = spawn("systemd-notify", [`--pid=${process.pid}`, ...states], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], NOTIFY_SOCKET: socket }
    })
    child.once("error", (error) => resume(Effect.logWarning("systemd notification failed", error.message)))
    child.once("exit", () => resume(Effect.void))
    return Effect.sync(() => void child.kill())
  }).pipe(Effect.timeoutOption(within), Effect.asVoid, Effect.annotateLogs({ logger: "SystemdNotify" }))

/** Notifications to systemd: READY, RELOADING, STOPPING and the watchdog; nothing outside systemd (F10). */
export interface SystemdNotify {
  readonly ready: Effect.Effect<void>
  readonly reloading: Effect.Effect<void>
  readonly stopping: Effect.Effect<void>
  /** Sends keep-alives at twice the watchdog's rate until interrupted; ends at once without a watchdog. */
  readonly watchdog: Effect.Effect<void>
}

/** The watchdog's interval, ms; 0 without one or when it watches another process. */
const watchdogMs = ({ WATCHDOG_PID: pid, WATCHDOG_USEC: usec }: NodeJS.ProcessEnv): number =>
  pid === undefined || pid === String(process.pid) ? Number(usec ?? 0) / 1000 : 0

/** Reads the environment systemd sets: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`. */
export const systemdNotify = (environment: NodeJS.ProcessEnv): SystemdNotify => {
  const { NOTIFY_SOCKET: socket } = environment
  const say = (...states: ReadonlyArray<string>): Effect.Effect<void> =>
    socket === undefined || socket === "" ? Effect.void : tell(socket, ...states)
  const everyMs = watchdogMs(environment) / 2
  return {
    ready: say("READY=1"),
    reloading: Effect.flatMap(
      Clock.monotonicTimeNanos,
      (nanos) => say("RELOADING=1", `MONOTONIC_USEC=${nanos / 1000n}`)
    ),
    stopping: say("STOPPING=1"),
    watchdog: everyMs > 0 ? Effect.asVoid(Effect.repeat(say("WATCHDOG=1"), Schedule.spaced(everyMs))) : Effect.void
  }
}
