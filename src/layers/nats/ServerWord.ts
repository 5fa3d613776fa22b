import type { NatsConnection } from "@nats-io/transport-node"
import { Effect } from "effect"
import { NatsUnconfirmed } from "../../services/Nats.ts"
import { detailOf } from "./NatsFaults.ts"

/** How long the server may take to confirm what it was sent, ms. */
const longestMs = 5_000

type Resume = (word: Effect.Effect<void, NatsUnconfirmed>) => void

/**
 * Waits for the server's word that it has everything sent so far. It is asked at once; who asks while its answer is under
 * way is answered by the next one, so that many messages cost one question.
 */
export const makeServerWord = (
  connection: Pick<NatsConnection, "flush">,
  withinMs = longestMs
): Effect.Effect<void, NatsUnconfirmed> => {
  // As many as there are messages under way.
  let asked: ReadonlyArray<Resume> | undefined
  let waiting: Array<Resume> = []

  const ask = (): void => {
    const round = waiting
    asked = round
    waiting = []
    const answer = (word: Effect.Effect<void, NatsUnconfirmed>): void => {
      if (asked !== round) return
      clearTimeout(tooLate)
      asked = undefined
      if (waiting.length > 0) ask()
      for (const resume of round) resume(word)
    }
    const fail = (detail: string): void => {
      if (asked !== round) return
      // What was sent meanwhile may be lost too: a later answer would prove nothing of it.
      const alike = waiting
      waiting = []
      const word = Effect.fail(new NatsUnconfirmed({ detail }))
      answer(word)
      for (const resume of alike) resume(word)
    }
    const tooLate = setTimeout(() => fail(`no word from the server within ${withinMs / 1000} seconds`), withinMs)
    connection.flush().then(() => answer(Effect.void), (cause) => fail(detailOf(cause)))
  }

  return Effect.callback((resume) => {
    waiting.push(resume)
    if (asked === undefined) ask()
  })
}
