import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { deploymentText, readDeployment } from "../../../src/domain/jetstream/Deployment.ts"
import { isAtLeast } from "../../../src/domain/jetstream/JetStreamFault.ts"
import { eventsOf, outboxOf, publishedSubject } from "../../../src/domain/jetstream/StreamNames.ts"
import { type PlanFacts, planStreams } from "../../../src/domain/jetstream/StreamPlan.ts"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { partitionOf } from "../../../src/domain/ownership/Partition.ts"
import { eventSubjects } from "../../../src/domain/wire/Subject.ts"
import type { ProtocolSetting } from "../../../src/domain/wire/protocols/Protocol.ts"
import { natsSettings } from "../../support/natsSettings.ts"

const { jetstream } = natsSettings({ servers: ["nats://127.0.0.1:4222"], jetstream: { enabled: true, prefix: "b" } })

const factsOf = (protocol: ProtocolSetting, names: ReadonlyArray<string>, perMinute = 3): PlanFacts => ({
  jetstream,
  bot: "MovieBot",
  rooms: names.map((name) => ({ protocol, room: { name: ChannelName.make(name), domain: "cytu.be" } })),
  userLimits: { max_per_user_per_minute: Option.some(perMinute), max_per_user_per_hour: Option.none() }
})

const namesOf = (facts: PlanFacts) => planStreams(facts).map(({ name }) => name)

describe("planStreams", () => {
  const lobby = partitionOf({ name: ChannelName.make("lobby") }, 32)

  it("has the events, an outbox for each family of commands, the limits that there are, and the taps", () => {
    assert.deepStrictEqual(namesOf(factsOf("cytube", ["lobby"])), [
      "b_IN",
      "b_OUT_CYTUBE",
      "b_USER_MINUTE",
      `b_TAP_${lobby}`
    ])
    assert.include(namesOf(factsOf("kryten", ["lobby"])), "b_OUT_KRYTEN")
    assert.notInclude(namesOf(factsOf("kryten", ["lobby"])), "b_OUT_CYTUBE")
    assert.includeMembers(namesOf(factsOf("auto", ["lobby"])), ["b_OUT_KRYTEN", "b_OUT_CYTUBE"])
    assert.notInclude(namesOf(factsOf("cytube", ["lobby"], 0)), "b_USER_MINUTE")
  })

  it("taps every spelling and protocol of a room in the partition of its name", () => {
    const taps = planStreams(factsOf("auto", ["Lobby", "lounge"])).filter(({ name }) => name.includes("TAP"))
    const subjects = taps.flatMap((tap) => tap.subjects)
    assert.sameMembers(subjects, [
      ...eventSubjects("auto", { name: ChannelName.make("Lobby"), domain: "cytu.be" }),
      ...eventSubjects("auto", { name: ChannelName.make("lounge"), domain: "cytu.be" })
    ])
    const tap = taps.find(({ name }) => name === `b_TAP_${lobby}`)
    assert.includeMembers([...tap?.subjects ?? []], ["cytube.events.Lobby.*", "cytube.events.lobby.*"])
    assert.deepStrictEqual(tap?.republish, { src: ">", dest: eventsOf("b", lobby) })
  })

  it("tells rooms and limits apart by the description of the stream of events", () => {
    const described = (facts: PlanFacts) => planStreams(facts)[0]?.description ?? ""
    const first = described(factsOf("cytube", ["lobby"]))
    assert.strictEqual(described(factsOf("cytube", ["lobby"])), first)
    assert.notStrictEqual(described(factsOf("cytube", ["lounge"])), first)
    assert.notStrictEqual(described(factsOf("cytube", ["lobby"], 5)), first)
    assert.strictEqual(readDeployment(first)?.bot, "MovieBot")
    assert.strictEqual(readDeployment(first)?.partitions, 32)
  })
})

describe("the names", () => {
  it("lead from a stored subject to the bridge's", () => {
    assert.strictEqual(publishedSubject("b", "b.in.7.cytube.events.cytu.be.lobby.pm"), "cytube.events.cytu.be.lobby.pm")
    assert.strictEqual(publishedSubject("b", "b.in.7.kryten.events.cytube.7.chatmsg"), "kryten.events.cytube.7.chatmsg")
  })

  it.each([
    ["cytube.commands.lobby.chat", { stream: "b_OUT_CYTUBE", subject: "b.out.cytube.lobby.chat" }],
    ["cytube.commands.cytu.be.lobby.pm", { stream: "b_OUT_CYTUBE", subject: "b.out.cytube.cytu.be.lobby.pm" }],
    ["kryten.commands.cytube.lobby.chat", { stream: "b_OUT_KRYTEN", subject: "b.out.kryten.lobby.chat" }],
    ["kryten.lifecycle.llm.startup", undefined]
  ])("%s has its outbox", (subject, outbox) => assert.deepStrictEqual(outboxOf("b", subject), outbox))

  it("are read from a description, and from no other text", () => {
    const deployment = { bot: "MovieBot", partitions: 32, settings: "00ff00ff" }
    assert.deepStrictEqual(readDeployment(deploymentText(deployment)), deployment)
    for (const other of [undefined, "", "events of the shop", "llm-bot: x"]) {
      assert.isUndefined(readDeployment(other))
    }
  })

  it.each([
    ["2.9.10", true],
    ["2.9.9", false],
    ["2.10.0", true],
    ["2.8.99", false],
    ["3.0.0-RC.1", true],
    ["unknown", false]
  ])(
    "a server of version %s is new enough: %s",
    (version, enough) => assert.strictEqual(isAtLeast(version, "2.9.10"), enough)
  )
})
