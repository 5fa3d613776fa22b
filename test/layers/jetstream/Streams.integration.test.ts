import type { StreamConfig } from "@nats-io/jetstream"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { partitionOf } from "../../../src/domain/ownership/Partition.ts"
import { JetStreamFault } from "../../../src/domain/jetstream/JetStreamFault.ts"
import { eventually } from "../../support/eventually.ts"
import { clientOf, durableSettings, managerOf, provisioned, serverWith } from "../../support/JetStreamWorld.ts"
import { natsServerBinaries } from "../../support/natsServerBinary.ts"

const names = (manager: Effect.Success<ReturnType<typeof managerOf>>) =>
  Effect.promise(async () => {
    const found: Array<string> = []
    for await (const name of manager.streams.names()) found.push(name)
    return found.toSorted()
  })

/** The fault that provisioning ends with. */
const faultOf = (active: ReturnType<typeof durableSettings>) =>
  provisioned(active).pipe(Effect.flip, Effect.map((error) => error instanceof JetStreamFault ? error.message : error))

const lobby = partitionOf({ name: ChannelName.make("lobby") }, 32)

const written = (): [Array<string>, ReturnType<typeof Logger.layer>] => {
  const lines: Array<string> = []
  return [
    lines,
    Logger.layer([Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))])
  ]
}

for (const [suite, binary] of natsServerBinaries()) {
  describe(`streams on ${suite}'s nats-server`, () => {
    it.live("are made once, kept, and follow the configuration", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const manager = yield* managerOf(yield* clientOf(url))
        const { configure } = yield* provisioned(durableSettings(url))
        const made = yield* names(manager)
        assert.lengthOf(made, 5)
        const before = yield* Effect.promise(() => manager.streams.info("b_IN"))
        yield* Effect.scoped(provisioned(durableSettings(url)))
        assert.deepStrictEqual(yield* names(manager), made)
        const again = yield* Effect.promise(() => manager.streams.info("b_IN"))
        assert.deepStrictEqual(again.config, before.config)
        assert.strictEqual(before.config.storage, "file")

        yield* configure(durableSettings(url, {
          jetstream: { replay_seconds: 60 },
          rate_limits: { max_per_user_per_minute: 7 },
          channels: [{ name: "lobby" }, { name: "Lounge" }]
        }))
        const configured = Effect.promise(async () => {
          const infos: Array<StreamConfig> = []
          for await (const { config } of manager.streams.list()) infos.push(config)
          return {
            age: infos.find(({ name }) => name === "b_IN")?.max_age,
            perUser: infos.find(({ name }) => name === "b_USER_MINUTE")?.max_msgs_per_subject,
            taps: infos.filter(({ name }) => name.includes("TAP")).flatMap(({ subjects }) => subjects).toSorted()
          }
        })
        const { age, perUser } = yield* eventually("the taps of both rooms", configured, ({ taps }) =>
          taps.join() === "cytube.events.Lounge.*,cytube.events.lobby.*,cytube.events.lounge.*")
        assert.deepStrictEqual({ age, perUser }, { age: 60e9, perUser: 7 })
      }).pipe(Effect.scoped))

    it.live("are made once by replicas that start in the same moment", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const manager = yield* managerOf(yield* clientOf(url))
        const rooms = Array.from({ length: 30 }, (_, n) => `room${n}`)
        const channels = rooms.map((name) => ({ name }))
        const taps = new Set(rooms.map((name) => partitionOf({ name: ChannelName.make(name) }, 32))).size
        const starts = Array.from({ length: 12 }, () => provisioned(durableSettings(url, { channels })))
        yield* Effect.all(starts, { concurrency: "unbounded" })
        assert.lengthOf(yield* names(manager), taps + 4)
      }).pipe(Effect.scoped))

    it.live("keep what a bridge publishes, under its partition", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const client = yield* clientOf(url)
        const manager = yield* managerOf(client)
        yield* provisioned(durableSettings(url, { nats: { protocol: "auto" }, channels: [{ name: "Lobby" }] }))
        const published = [
          "cytube.events.Lobby.chatMsg",
          "cytube.events.lobby.chatMsg",
          "kryten.events.cytube.lobby.chatmsg",
          "cytube.events.cytu.be.lobby.chatmsg"
        ]
        for (const subject of [...published, "cytube.events.other.chatMsg"]) client.publish(subject, "{}")
        const { subjects = {} } = yield* eventually(
          "four events",
          Effect.promise(() => manager.streams.info("b_IN", { subjects_filter: ">" }).then(({ state }) => state)),
          ({ messages }) => messages === 4
        )
        assert.sameMembers(Object.keys(subjects), published.map((subject) => `b.in.${lobby}.${subject}`))
      }).pipe(Effect.scoped))

    it.live("that are wiped under a running bot are made again, and it is said", () => {
      const [lines, logger] = written()
      return Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const manager = yield* managerOf(yield* clientOf(url))
        const { streams } = yield* provisioned(durableSettings(url))
        const made = yield* names(manager)
        for (const name of made) yield* Effect.promise(() => manager.streams.delete(name))
        yield* streams.ensure
        assert.deepStrictEqual(yield* names(manager), made)
        // A look that comes by itself, or a change of the configuration, may have found them gone first.
        const told = Effect.sync(() => lines.join("\n"))
        yield* eventually(
          "that they were gone is told",
          told,
          (text) => text.includes("Warn JetStream streams were gone and are made again: ")
        )
      }).pipe(Effect.provide(logger), Effect.scoped)
    })

    it.live("that cannot be are told in one line each, with what to do", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(binary)
        const manager = yield* managerOf(yield* clientOf(url))
        yield* Effect.promise(() => manager.streams.add({ name: "SHOP", subjects: ["cytube.>"] }))
        assert.match(
          String(yield* faultOf(durableSettings(url))),
          /^the stream SHOP already takes what b_TAP_\d+ is for: /
        )
        yield* Effect.promise(() => manager.streams.delete("SHOP"))

        yield* Effect.scoped(provisioned(durableSettings(url)))
        assert.match(
          String(yield* faultOf(durableSettings(url, { jetstream: { partitions: 8 } }))),
          /^the stream b_IN was made for 32 partitions, not 8: set nats\.jetstream\.partitions back, or stop /
        )
        assert.match(
          String(yield* faultOf(durableSettings(url, { bot: { username: "OtherBot" } }))),
          /^the stream b_IN belongs to the bot MovieBot: give each deployment a nats\.jetstream\.prefix of its own$/
        )
        yield* Effect.promise(() => manager.streams.add({ name: "c_IN", subjects: ["c.in.>"] }))
        assert.match(
          String(yield* faultOf(durableSettings(url, { jetstream: { prefix: "c" } }))),
          /^a stream c_IN is there that is not the bot's: /
        )
        assert.match(
          String(yield* faultOf(durableSettings(url, { jetstream: { prefix: "d", max_bytes: 9e15 } }))),
          /^NATS has no room for the stream d_IN .*lower nats\.jetstream\.max_bytes$/
        )
        assert.match(
          String(yield* faultOf(durableSettings(url, { jetstream: { prefix: "d", replicas: 3 } }))),
          /^NATS cannot keep so many copies of the stream d_IN /
        )
      }).pipe(Effect.scoped))

    it.live("need JetStream and the permission to make them", () =>
      Effect.gen(function*() {
        const off = yield* serverWith(binary, "# no jetstream\n")
        assert.match(String(yield* faultOf(durableSettings(off.url))), /^JetStream is off at the NATS server: /)
      }).pipe(Effect.scoped))

    it.live("that this user may not make are told with the subject", () =>
      Effect.gen(function*() {
        const { url } = yield* serverWith(
          binary,
          `authorization { users = [ { user: bot, password: right, permissions: {
            subscribe: ["_INBOX.>"], publish: { deny: ["$JS.API.STREAM.CREATE.>"] } } } ] }`
        )
        const active = durableSettings(url, { nats: { user: "bot", password: "right" } })
        assert.match(String(yield* faultOf(active)), /^this user may not publish \$JS\.API\.STREAM\.CREATE\.b_IN; docs/)
      }).pipe(Effect.scoped))
  })
}
