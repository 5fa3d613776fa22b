import { readFileSync } from "node:fs"
import { uptime } from "node:os"
import { Effect, Option } from "effect"
import type { Uptime } from "../../domain/state/Restart.ts"
import type { BootClock } from "../../services/state/BootClock.ts"

/** Linux names each start of the machine. */
const bootFile = "/proc/sys/kernel/random/boot_id"

/** How long this machine runs; none where its start has no name, so that another's could be taken for it. */
export const machineClock: Effect.Effect<BootClock> = Effect.sync(() => {
  const boot = Option.liftThrowable(() => readFileSync(bootFile, "utf8").trim())()
  return () => Option.map(boot, (text): Uptime => ({ boot: text, ms: uptime() * 1000 }))
})
