import { Clock, Effect, Schema, Stream } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { SettingsEdit } from "../../domain/settings/SettingsEdit.ts"
import { DecisionLog } from "../../services/decision/DecisionLog.ts"
import type { NatsSendError } from "../../services/Nats.ts"
import { AdjustableClock } from "../time/AdjustableClock.ts"
import * as LlmScripted from "../llm/LlmScripted.ts"
import { ChatterRate, PlaygroundChatter } from "./PlaygroundChatter.ts"
import { events, withStory } from "./PlaygroundEvents.ts"
import { PlaygroundRoom, Playing, Saying } from "./PlaygroundRoom.ts"
import { PlaygroundSettings, type SettingsRefused } from "./PlaygroundSettings.ts"

const Jump = Schema.Struct({ advance_seconds: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })) })
const NewSettings = Schema.Union([
  Schema.Struct({ set: Schema.NonEmptyArray(SettingsEdit).check(Schema.isMaxLength(100)) }),
  Schema.Struct({ reset: Schema.Literal(true) })
])

/** How many event streams are open at once: a browser has six at most. */
const mostReaders = 64

const answer = (body: unknown, status = 200) => HttpServerResponse.jsonUnsafe(body, { status })
/** A refused request: what it needs, as `error`. */
export const refusal = (status: number, error: string) => answer({ error }, status)

/** Decodes a body and handles it; an invalid one is answered with what is expected. */
const taking = <A, I, E extends NatsSendError | SettingsRefused>(
  schema: Schema.Codec<A, I>,
  needs: string,
  handle: (body: A) => Effect.Effect<HttpServerResponse.HttpServerResponse, E>
) =>
  HttpServerRequest.schemaBodyJson(schema).pipe(
    Effect.flatMap(handle),
    Effect.catch((error) => {
      switch (error._tag) {
        case "SchemaError":
          return Effect.succeed(refusal(400, `needs ${needs}`))
        case "HttpServerError":
          return Effect.succeed(refusal(400, `needs a JSON body of at most 1 MB: ${needs}`))
        case "NatsNotSent":
        case "NatsUnconfirmed":
          return Effect.succeed(refusal(503, error.message))
        case "SettingsRefused":
          return Effect.succeed(answer({ error: "nothing changed: see the problems", problems: error.problems }, 422))
      }
    })
  )

/** The page's API: the room, its time, its settings, and every decision as it is made. */
export const api = (real: boolean) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const room = yield* PlaygroundRoom
    const chatter = yield* PlaygroundChatter
    const settings = yield* PlaygroundSettings
    const decisions = yield* DecisionLog
    const clock = yield* AdjustableClock

    const accepted = Effect.map((id: string) => answer({ correlation_id: id }, 202))
    // Each reader holds what it has not read yet.
    let readers = 0
    const counted = <A>(items: Stream.Stream<A>): Stream.Stream<A> =>
      Stream.scoped(Stream.unwrap(Effect.as(
        Effect.acquireRelease(Effect.sync(() => void readers++), () => Effect.sync(() => void readers--)),
        items
      )))
    const stream = <A>(path: `/${string}`, of: Effect.Effect<Stream.Stream<A>>) =>
      router.add(
        "GET",
        path,
        Effect.map(of, (items) =>
          readers < mostReaders
            ? events(counted(items), clock)
            : refusal(503, `${mostReaders} windows follow the room already; close some`))
      )

    yield* router.add(
      "GET",
      "/api/room",
      Effect.gen(function*() {
        const { bot, model, room } = yield* settings.channel
        return answer({
          channel: room.name,
          bot: bot.username,
          aliases: bot.names.slice(1),
          model: real ? model : LlmScripted.modelName,
          real,
          now: yield* Clock.currentTimeMillis
        })
      })
    )
    yield* stream("/api/lines", Effect.succeed(room.lines))
    yield* stream("/api/progress", Effect.succeed(Stream.map(decisions.progress, withStory)))
    yield* stream(
      "/api/decisions",
      Effect.map(settings.channel, ({ key }) => Stream.map(decisions.follow(key), withStory))
    )
    // A browser allows six connections to one server, all windows together: the page takes one.
    yield* stream(
      "/api/events",
      Effect.map(settings.channel, ({ key }) =>
        Stream.map(room.lines, (line) => ({ line })).pipe(
          Stream.merge(Stream.map(decisions.follow(key), (record) => ({ decision: withStory(record) }))),
          Stream.merge(Stream.map(decisions.progress, (record) => ({ progress: withStory(record) })))
        ))
    )

    yield* router.add(
      "POST",
      "/api/messages",
      taking(
        Saying,
        "channel, username (1 to 50 characters) and message (1 to 320)",
        Effect.fnUntraced(function*(saying) {
          const { key, room: { name } } = yield* settings.channel
          return saying.channel.toLowerCase() === key
            ? yield* accepted(room.say(saying))
            : refusal(400, `there is no channel ${saying.channel} here; the room is ${name}`)
        })
      )
    )
    yield* router.add(
      "POST",
      "/api/media",
      taking(
        Playing,
        "title (1 to 200 characters), and seconds (1 to 86400) if known",
        (playing) => accepted(room.play(playing))
      )
    )
    yield* router.add("GET", "/api/chatter", Effect.map(chatter.rate, (rate) => answer(rate)))
    yield* router.add(
      "POST",
      "/api/chatter",
      taking(
        ChatterRate,
        "per_minute (0 to 300; 0 = off)",
        (rate) => Effect.as(chatter.talk(rate), answer(rate))
      )
    )
    yield* router.add(
      "POST",
      "/api/clock",
      taking(
        Jump,
        "advance_seconds (1 to 86400)",
        ({ advance_seconds }) => Effect.map(clock.jump(advance_seconds * 1000), (now) => answer({ now }))
      )
    )
    yield* router.add("GET", "/api/settings", Effect.map(settings.view, (view) => answer(view)))
    yield* router.add(
      "POST",
      "/api/settings",
      taking(
        NewSettings,
        `{"set": [{"path": ["section", "field"], "value": …}]} or {"reset": true}`,
        (body) => Effect.map("set" in body ? settings.set(body.set) : settings.reset, (view) => answer(view))
      )
    )
  }))
