import { connect, type Msg, type NatsConnection } from "@nats-io/transport-node"
import { Context, Duration, Effect, Layer, Schedule } from "effect"
import type { Protocol } from "../../src/domain/wire/protocols/Protocol.ts"
import {
  type AskedLine,
  type BridgeIdentity,
  commandSubjects,
  eventBody,
  eventSubject,
  linePayload,
  understand
} from "./BridgeWords.ts"
import { eventually } from "./eventually.ts"
import { NatsServer } from "./NatsServer.ts"

/** A member of the room, as its list shows one. */
export interface RoomMember {
  readonly name: string
  readonly rank: number
}

/** What plays, as `changeMedia` tells of it. */
export interface RoomMedia {
  readonly type: string
  readonly id: string
  readonly title: string
  readonly seconds: number
}

/** How a bridge is set up; the room is TestChan on cytube.test and the account KrytenBot unless told otherwise. */
export interface BridgeOptions extends Partial<Omit<BridgeIdentity, "protocol">> {
  readonly protocol: Protocol
  /** How long after NATS is back the bridge connects again; the real ones take 2 s. */
  readonly hearsAfter?: Duration.Input
  readonly members?: ReadonlyArray<RoomMember>
  readonly media?: RoomMedia
  /** `"connects"`: it is there once the layer is built, the default; `"stays away"`: until `come`. */
  readonly atStart?: "connects" | "stays away"
}

/** How the room refuses what the bot says: the event it sends instead of the line. */
export type RoomRefusal =
  | { readonly event: "cooldown"; readonly payload: number }
  | { readonly event: "noflood" | "spamFiltered" | "errorMsg"; readonly payload: Readonly<Record<string, string>> }

/** As the room itself: of old lines so many come again with each join. */
const historyLines = 15

/** A bridge and its room on the real NATS, behaving as both real bridges do. */
export class Bridge extends Context.Service<Bridge, {
  /** Somebody says a line in the room. */
  readonly chat: (from: string, text: string) => Effect.Effect<void>
  /** Somebody says something to the bot alone. */
  readonly pm: (from: string, text: string) => Effect.Effect<void>
  /** Any other event of the room. While NATS is away it is kept, as the real bridges do. */
  readonly event: (name: string, payload: unknown) => Effect.Effect<void>
  /** The lines of the bot that reached the room so far, refused ones left out. */
  readonly said: Effect.Effect<ReadonlyArray<AskedLine>>
  /** The lines so far, once there are `count` of them. */
  readonly saidAtLeast: (count: number) => Effect.Effect<ReadonlyArray<AskedLine>>
  /** Every command that came, understood or not. */
  readonly commands: Effect.Effect<ReadonlyArray<string>>
  /** From now on the room refuses the bot's lines so; without it, it takes them again. */
  readonly refuse: (refusal?: RoomRefusal) => Effect.Effect<void>
  /** Whether own lines come back: `false` is a bridge that keeps them. */
  readonly echoes: (on: boolean) => Effect.Effect<void>
  /** Whether commands are answered: `false` hears and obeys, but answers nothing. */
  readonly answers: (on: boolean) => Effect.Effect<void>
  /** Goes away, and says so or not (killed). */
  readonly leave: (how: "says so" | "without a word") => Effect.Effect<void>
  /** Connects, says so and joins the room: the last 15 lines, the list, the login come again. Returns once it hears. */
  readonly come: Effect.Effect<void>
  /** Waits until it hears, as after a loss of NATS. */
  readonly hears: Effect.Effect<void>
  /** Waits until it has noticed that NATS is away: what the room says from then on is kept. */
  readonly deaf: Effect.Effect<void>
}>()("test/Bridge") {
  static readonly layer = (options: BridgeOptions): Layer.Layer<Bridge, never, NatsServer> =>
    Layer.effect(
      Bridge,
      Effect.gen(function*() {
        const { url } = yield* NatsServer
        const { atStart, hearsAfter = "2 seconds", media, members = [], ...given } = options
        const identity: BridgeIdentity = { domain: "cytube.test", channel: "TestChan", account: "KrytenBot", ...given }
        const scope = yield* Effect.scope
        const run = Effect.runForkWith(yield* Effect.context<never>())
        const said: Array<AskedLine> = []
        const commands: Array<string> = []
        // Grows with a test.
        const kept: Array<{ readonly subject: string; readonly body: string }> = []
        const history: Array<unknown> = []
        let refusal: RoomRefusal | undefined
        let echoes = true
        let answers = true
        let client: NatsConnection | undefined
        let hears = false
        let present = false

        const publish = (subject: string, body: string): void => {
          if (client === undefined || !hears || client.isClosed()) kept.push({ subject, body })
          else client.publish(subject, body)
        }
        const event = (name: string, payload: unknown): void =>
          publish(eventSubject(identity, name), eventBody(identity, name, payload))
        /** Bridges of either `kryten` generation tell of themselves. */
        const lifecycle = (name: string, more: object): void => {
          if (identity.protocol === "cytube") return
          const body = { service: "robot", version: "1.12.4", hostname: "vm", timestamp: new Date().toISOString() }
          publish(`kryten.lifecycle.robot.${name}`, JSON.stringify({ ...body, uptime_seconds: 1, ...more }))
        }

        const show = (from: string, to: string | undefined, text: string): void => {
          const payload = linePayload(identity, from, to, text)
          if (to === undefined) {
            history.push(payload)
            if (history.length > historyLines) history.shift()
          }
          event(to === undefined ? "chatMsg" : "pm", payload)
        }

        const take = (line: AskedLine): void => {
          if (refusal !== undefined) return event(refusal.event, refusal.payload)
          said.push(line)
          if (echoes) show(identity.account, line.to, line.text)
        }

        const list = (): ReadonlyArray<unknown> =>
          [...members, { name: identity.account, rank: 1 }].map((member) => ({
            ...member,
            profile: { image: "", text: "" },
            meta: { afk: false, muted: false }
          }))

        const tell: Readonly<Record<string, () => unknown>> = {
          "system.ping": () => ({ pong: true, service: "robot", version: "1.12.4", uptime_seconds: 1 }),
          "system.config": () => ({
            cytube: {
              domain: identity.domain,
              channel: identity.channel,
              user: identity.account,
              password: "***REDACTED***"
            },
            commands: { enabled: true }
          }),
          "system.channels": () => ({
            channels: [{ domain: identity.domain, channel: identity.channel, connected: true }]
          }),
          "state.userlist": () => ({ userlist: list() }),
          "state.playlist": () => ({
            playlist: media === undefined ? [] : [{ media, uid: 0, temp: true, queueby: "OwnerAlice" }]
          })
        }

        const hear = (message: Msg): void => {
          const body = message.string()
          commands.push(body)
          const understood = understand(identity, body)
          const answer = (content: object): void => {
            const asked = message.reply !== undefined && message.reply !== ""
            if (identity.protocol === "kryten" && answers && asked) {
              message.respond(JSON.stringify({ service: "robot", ...content }))
            }
          }
          switch (understood._tag) {
            case "Line":
              take(understood.line)
              return answer({ command: understood.command, success: true, data: { success: true } })
            case "Question": {
              const data = tell[understood.command]?.()
              return data === undefined ? undefined : answer({ command: understood.command, success: true, data })
            }
            case "Wrong":
              return answer({ success: false, error: understood.error })
            case "NotMeant":
          }
        }

        const server = url.replace("nats://", "")
        const dial = Effect.tryPromise(() => connect({ servers: server, name: "bridge", reconnect: false }))

        /** Connects and hears, and whenever NATS went away does so again some time after its return. */
        const open = Effect.gen(function*() {
          const opened = yield* dial.pipe(Effect.retry(Schedule.spaced("10 millis")), Effect.orDie)
          client = opened
          opened.subscribe(commandSubjects(identity), { callback: (_, message) => hear(message) })
          yield* Effect.ignore(Effect.tryPromise(() => opened.flush()))
          hears = true
          for (const { body, subject } of kept.splice(0)) publish(subject, body)
          void opened.closed().then(() => {
            if (client === opened) run(Effect.forkIn(lost, scope))
          })
        })
        const lost: Effect.Effect<void> = Effect.gen(function*() {
          hears = false
          client = undefined
          if (!present) return
          const probe = yield* dial.pipe(Effect.retry(Schedule.spaced("10 millis")), Effect.orDie)
          yield* Effect.promise(() => probe.close())
          yield* Effect.sleep(hearsAfter)
          if (present && client === undefined) yield* open
        })

        const join = Effect.sync(() => {
          const where = { domain: identity.domain, channel: identity.channel }
          lifecycle("connected", { target: "CyTube", ...where })
          lifecycle("startup", { ...where, commands_enabled: true, health_enabled: true })
          for (const payload of history) event("chatMsg", payload)
          if (media !== undefined) {
            event("changeMedia", { ...media, duration: "", meta: {}, currentTime: 0, paused: false })
          }
          event("userlist", list())
          event("login", { success: true, name: identity.account })
        })

        const come = Effect.gen(function*() {
          present = true
          yield* open
          lifecycle("connected", { target: "NATS", servers: [url] })
          yield* join
          yield* Effect.ignore(Effect.tryPromise(async () => client?.flush()))
        })

        const leave = Effect.fnUntraced(function*(how: "says so" | "without a word") {
          const leaving = client
          present = false
          if (how === "says so") {
            lifecycle("disconnected", { target: "CyTube", reason: "Graceful shutdown" })
            lifecycle("shutdown", { reason: "Normal shutdown" })
            yield* Effect.ignore(Effect.tryPromise(async () => leaving?.flush()))
          }
          client = undefined
          hears = false
          if (leaving !== undefined) yield* Effect.promise(() => leaving.close())
        })

        yield* Effect.addFinalizer(() => leave("without a word"))
        if (atStart !== "stays away") yield* come

        const saidNow = Effect.sync(() => [...said])
        return Bridge.of({
          chat: (from, text) => Effect.sync(() => show(from, undefined, text)),
          pm: (from, text) => Effect.sync(() => event("pm", linePayload(identity, from, identity.account, text))),
          event: (name, payload) => Effect.sync(() => event(name, payload)),
          said: saidNow,
          saidAtLeast: (count) => eventually(`${count} lines in the room`, saidNow, ({ length }) => length >= count),
          commands: Effect.sync(() => [...commands]),
          refuse: (how) =>
            Effect.sync(() => {
              refusal = how
            }),
          echoes: (on) =>
            Effect.sync(() => {
              echoes = on
            }),
          answers: (on) =>
            Effect.sync(() => {
              answers = on
            }),
          leave,
          come,
          hears: Effect.asVoid(eventually("the bridge hears", Effect.sync(() => hears), (now) => now)),
          deaf: Effect.asVoid(eventually("the bridge is cut off", Effect.sync(() => hears), (now) => !now))
        })
      })
    )
}
