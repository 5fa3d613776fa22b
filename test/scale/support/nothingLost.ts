import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { report, settled, unacknowledged } from "./Cluster.ts"
import { channelCount, type Load, rate } from "./Load.ts"
import { Rooms } from "./Rooms.ts"
import { within } from "./within.ts"

/** Ends the load, waits for all replies, and counts: nothing is lost, nothing is said twice. */
export const nothingLost = Effect.fnUntraced(
  function*(what: string, load: Load, more: Readonly<Record<string, unknown>> = {}) {
    const { questions } = yield* Rooms
    yield* load.stop
    const counted = yield* settled(questions)
    const left = yield* within(60, "all acknowledged", unacknowledged(), (open) => open === 0)
    report(what, {
      lines: load.said(),
      "lines a second": rate,
      rooms: channelCount,
      ...counted,
      unacknowledged: left,
      ...more
    })
    assert.deepStrictEqual({ ...counted, asked: 0 }, { asked: 0, lost: 0, doubled: 0 })
  }
)
