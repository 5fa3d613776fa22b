import { Clock, Effect, Layer, Metric, Queue, Result, Schedule, SubscriptionRef } from "effect"
import { stringify } from "yaml"
import { activate } from "../../src/domain/ChannelSettings.ts"
import type { ScriptedAnswer } from "../../src/layers/llm/LlmScripted.ts"
import { onHangup } from "../../src/layers/config/Reload.ts"
import { systemdNotify } from "../../src/layers/process/SystemdNotify.ts"
import { LlmRateLimited, LlmServerFailed, LlmTimeout } from "../../src/services/LlmClient.ts"
import { ChannelLabel, channelLabels } from "../../src/services/telemetry/Metrics.ts"
import { Nats } from "../../src/services/Nats.ts"
import { StateStore } from "../../src/services/state/StateStore.ts"
import { LogLines } from "./LogLines.ts"
import { FlakyNats } from "./FlakyNats.ts"
import { settingsOf, Simulation } from "./Simulation.ts"
import { pass, VirtualTime } from "./VirtualTime.ts"

const settings = (channels: number) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"], outbox_size: 0 },
    channels: Array.from({ length: channels }, (_, index) => ({ name: `room${index}` })),
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
    triggers: [
      { type: "mention", rate_limit: { max_per_user_per_minute: 2 } },
      { type: "pm", cooldown_seconds: 5 },
      { type: "keyword", keywords: ["rarely"], fire_probability: 0 },
      { type: "keyword", keywords: ["popcorn"], cooldown_seconds: 60 },
      { type: "contextual", evaluation_interval_seconds: 600, min_messages_since_last_bot_message: 1 }
    ],
    rate_limits: { max_per_user_per_minute: 3, max_per_channel_per_minute: 8, global_cooldown_seconds: 2 }
  }))

const answers: ReadonlyArray<ScriptedAnswer["says"]> = [
  Result.succeed("That was a good one, I think"),
  Result.fail(new LlmTimeout({ afterMs: 30_000, budgetSpent: false })),
  Result.fail(new LlmServerFailed({ status: 503 })),
  Result.fail(new LlmRateLimited({ retryAfterMs: undefined })),
  Result.succeed("see http://example.org for it")
]

/** The bot in simulated time, in so many channels, with metrics of its own; its state is kept where there is a store. */
export const measuredBot = (channels: number, store: Layer.Layer<StateStore> = StateStore.layerNone) => {
  const active = activate(settings(channels))
  const bot = Simulation.layer(active.settings, (_, index) => ({
    afterMs: 100,
    says: answers[index] ?? Result.succeed(`Answer number ${index} of the script`)
  }), store)
  return bot.pipe(
    Layer.provideMerge(Layer.mergeAll(
      Layer.succeed(ChannelLabel, channelLabels(() => active)),
      Layer.sync(Metric.MetricRegistry, () => new Map()),
      VirtualTime.layer,
      LogLines.layer
    ))
  )
}

export const say = Effect.fnUntraced(function*(channel: string, name: string, msg: string) {
  const simulation = yield* Simulation
  const time = yield* Clock.currentTimeMillis
  yield* simulation.publish(channel, "chatMsg", { user: { name, rank: 1 }, msg, meta: {}, time })
})

const whisper = Effect.fnUntraced(function*(channel: string, name: string, msg: string) {
  const simulation = yield* Simulation
  const time = yield* Clock.currentTimeMillis
  yield* simulation.publish(channel, "pm", { from: { name, rank: 1 }, to: { name: "MovieBot" }, msg, time })
})

const otherEvents = [
  ["userlist", [{ name: "Ana", rank: 2 }]],
  ["addUser", { name: "Bob", rank: 1 }],
  ["setUserRank", { name: "Bob", rank: 2 }],
  ["userLeave", { name: "Bob" }],
  ["login", { success: true, name: "MovieBot" }],
  ["setAFK", { name: "Ana", afk: true }]
] as const

/** Much of what can happen in a room: every kind of event, refusal, failure and reply. */
export const story = Effect.fnUntraced(function*(channel: string) {
  const simulation = yield* Simulation
  const outage = yield* FlakyNats
  for (const [event, payload] of otherEvents) yield* simulation.publish(channel, event, payload)
  yield* simulation.publish(channel, "chatMsg", { user: 5 })
  yield* say(channel, "Ana", "nothing for anybody")
  // Five answers of the script, one after the other, each to somebody else.
  for (const name of ["Ana", "Bob", "Cyd", "Dan", "Eve"]) {
    yield* say(channel, name, `@MovieBot a line of ${name}`)
    yield* pass(20_000)
  }
  for (const text of ["one", "two", "three"]) {
    yield* say(channel, "Fay", `@MovieBot ${text}`)
    yield* pass(3_000)
  }
  yield* say(channel, "Gus", "popcorn")
  yield* say(channel, "Hal", "popcorn again, rarely")
  yield* pass(3_000)
  yield* whisper(channel, "Ida", "hello")
  yield* pass(1_000)
  yield* whisper(channel, "Ida", "still there?")
  yield* whisper(channel, "Joe", "and me?")
  yield* pass(60_000)
  yield* say(channel, "Kim", "@MovieBot nobody hears the answer")
  yield* outage.begin
  yield* pass(5_000)
  yield* outage.end
  yield* simulation.publish(channel, "changeMedia", { type: "yt", id: "a", title: "A film", seconds: 60 })
  yield* say(channel, "Lea", "@MovieBot what is it?")
  yield* pass(700_000)
})

/** More events at once than a channel's queue holds. */
export const flood = Effect.fnUntraced(function*(channel: string) {
  const nats = yield* Nats
  const time = yield* Clock.currentTimeMillis
  const command = (index: number) => ({
    subject: `cytube.events.${channel}.chatMsg`,
    headers: new Map(),
    body: JSON.stringify({ user: { name: "Ana", rank: 1 }, msg: `line ${index}`, meta: {}, time }),
    request: false
  })
  const all = Array.from({ length: 1_000 }, (_, index) => nats.publish(command(index)))
  yield* Effect.orDie(Effect.forEach(all, (publish) => publish, { concurrency: "unbounded", discard: true }))
})

/** The configuration is read again, and it is not there. */
export const failedReload = Effect.gen(function*() {
  const hangups = yield* Queue.make<NodeJS.Signals>()
  yield* Queue.offer(hangups, "SIGHUP")
  const ref = yield* SubscriptionRef.make(activate(settings(1)))
  const following = onHangup(hangups, "/no/such/file.yaml", ref, systemdNotify({}), Effect.void)
  yield* Effect.forkScoped(following, { startImmediately: true })
  yield* Effect.repeat(LogLines.use(({ all }) => all), {
    until: (lines) => lines.some(({ message }) => message.startsWith("Configuration reload failed")),
    schedule: Schedule.forever
  })
})
