import { Context, Effect, Layer, Result, ScopedRef, Stream } from "effect"
import type { ActiveSettings } from "../../domain/ChannelSettings.ts"
import { answerText, type Explainer, explainSubject, readQuery, refusalText } from "../../domain/decision/Explain.ts"
import { BotConfig } from "../BotConfig.ts"
import { DecisionLog } from "./DecisionLog.ts"
import { Nats, type Question } from "../Nats.ts"

const explainer = ({ channels, settings }: ActiveSettings): Explainer => ({
  bot: settings.bot.username,
  channels: [...channels.values()].filter(({ enabled }) => enabled).map(({ room }) => room.name)
})

/** Tells over NATS why the bot did or did not answer, while `explain.enabled` (F12; OPERATIONS, explain). */
export class Explain extends Context.Service<Explain, {
  /** The decisions a request asks for, or an error that describes a valid request: JSON. */
  readonly answer: (question: Question) => Effect.Effect<string>
}>()("llm-bot/Explain") {
  static readonly layerNoDeps = Layer.effect(
    Explain,
    Effect.gen(function*() {
      const config = yield* BotConfig
      const decisions = yield* DecisionLog
      const nats = yield* Nats

      const answering = yield* ScopedRef.make(() => false)

      const answer = Effect.fnUntraced(function*({ body, maxBytes }: Question) {
        const query = readQuery(body)
        if (Result.isFailure(query)) return refusalText(query.failure)
        const selected = yield* decisions.select(query.success)
        return answerText(explainer(yield* config.current), selected, maxBytes)
      })

      /** Answers or keeps silent as the configuration says now; a bot that cannot explain itself is still a bot. */
      const follow = Effect.fnUntraced(function*({ settings: { explain: { enabled } } }: ActiveSettings) {
        if (enabled === (yield* ScopedRef.get(answering))) return
        const respond = enabled ? nats.respond(explainSubject, answer) : Effect.void
        yield* ScopedRef.set(answering, Effect.as(respond, enabled))
      }, Effect.catch(({ message }) => Effect.logWarning("Explain responder unavailable", message)))

      yield* follow(yield* config.current)
      yield* config.changes.pipe(Stream.runForEach(follow), Effect.forkScoped)
      return Explain.of({ answer })
    }).pipe(Effect.annotateLogs({ logger: "Explain" }))
  )
}
