import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { decisionJson } from "../../domain/decision/DecisionJson.ts"
import { storyOf } from "../../domain/decision/DecisionStory.ts"
import type { AdjustableClock } from "../time/AdjustableClock.ts"

/** A stream of JSON events; a comment every 15 s keeps proxies and browsers from giving up. */
export const events = <A>(stream: Stream.Stream<A>, { unmoved }: Pick<AdjustableClock["Service"], "unmoved">) => {
  const data = Stream.map(stream, (event) => `data: ${JSON.stringify(event)}\n\n`)
  const beats = Stream.fromEffectRepeat(Effect.as(unmoved(Effect.sleep("15 seconds")), ": still here\n\n"))
  // The first comment tells the reader at once that the stream is open.
  const opening = Stream.succeed(": open\n\n")
  return HttpServerResponse.stream(Stream.merge(Stream.concat(opening, data), beats).pipe(Stream.encodeText), {
    contentType: "text/event-stream",
    headers: { "cache-control": "no-store" }
  })
}

/** A record with its texts, so that the page only shows it. */
export const withStory = (record: DecisionRecord) => ({ ...decisionJson(record), story: storyOf(record) })
