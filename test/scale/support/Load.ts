import process from "node:process"
import { Effect, Fiber, Schedule } from "effect"
import { Rooms } from "./Rooms.ts"

/** Messages a second; the figure, less on a machine that is busy with other things. */
export const rate = Number(process.env["SCALE_RATE"] ?? 1000)
/** How many rooms. */
export const channelCount = Number(process.env["SCALE_CHANNELS"] ?? 100)
/** One line of so many asks the bot. */
const oneIn = 20

/** The rooms' names. */
export const channels: ReadonlyArray<string> = Array.from({ length: channelCount }, (_, n) => `room${n}`)

/** What load there was. */
export interface Load {
  /** Lines said so far. */
  readonly said: () => number
  /** Ends it, and waits until the server has everything. */
  readonly stop: Effect.Effect<void>
}

/** Lines in all rooms in turn, at the rate, until it is stopped or the scope closes. */
export const startLoad = Effect.gen(function*() {
  const rooms = yield* Rooms
  const began = performance.now()
  let said = 0
  const due = Effect.sync(() => {
    for (const wanted = ((performance.now() - began) * rate) / 1000; said < wanted; said++) {
      const n = said % channelCount
      const channel = channels[n] ?? ""
      if (Math.floor(said / channelCount) % oneIn === n % oneIn) rooms.ask(channel)
      else rooms.say(channel, `line ${said} of an evening with many words in it, as people write them`)
    }
  })
  const fiber = yield* Effect.forkScoped(Effect.repeat(due, Schedule.spaced("10 millis")))
  return {
    said: () => said,
    stop: Effect.andThen(Fiber.interrupt(fiber), rooms.flushed)
  } satisfies Load
})
