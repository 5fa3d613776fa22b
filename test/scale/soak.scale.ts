import process from "node:process"
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { hashToUnit } from "../../src/domain/Hash.ts"
import { shared, world } from "./support/Cluster.ts"
import { startLoad } from "./support/Load.ts"
import { nothingLost } from "./support/nothingLost.ts"
import { type Replica, startReplica } from "./support/Replica.ts"

const minutes = Number(process.env["SOAK_MINUTES"] ?? 0)
const seed = process.env["SOAK_SEED"] ?? "1"
const blows = ["SIGKILL", "SIGTERM", "freeze"] as const
const names = ["a", "b", "c"] as const

/** Only by `npm run soak:scale`. */
describe.runIf(minutes > 0)("a soak", () => {
  it.live(
    `${minutes} minutes of random blows, seed ${seed}: nothing lost, nothing said twice`,
    () =>
      Effect.gen(function*() {
        const ends = performance.now() + minutes * 60_000
        const replicas: Array<Replica> = yield* Effect.forEach(names, (name) => startReplica(name))
        yield* shared(replicas)
        const load = yield* startLoad
        const counts = { SIGKILL: 0, SIGTERM: 0, freeze: 0 }
        for (let turn = 0; performance.now() < ends; turn++) {
          const draw = (what: string) => hashToUnit(["soak", seed, what, String(turn)])
          const at = Math.floor(draw("victim") * replicas.length)
          const blow = blows[Math.floor(draw("blow") * blows.length)] ?? "SIGKILL"
          const victim = replicas[at]
          if (victim === undefined) continue
          counts[blow]++
          if (blow === "freeze") {
            yield* victim.program.signal("SIGSTOP")
            yield* Effect.sleep(`${Math.round(1_000 + draw("length") * 9_000)} millis`)
            yield* victim.program.signal("SIGCONT")
          } else {
            yield* victim.end(blow)
            replicas[at] = yield* startReplica(`${victim.name}+`)
          }
          yield* shared(replicas)
          yield* Effect.sleep(`${Math.round(draw("pause") * 5_000)} millis`)
        }
        yield* nothingLost("soak", load, { minutes, seed, ...counts })
      }).pipe(Effect.scoped, Effect.provide(world)),
    minutes * 60_000 + 300_000
  )
})
