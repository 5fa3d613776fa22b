import { assert, describe, it } from "@effect/vitest"
import { ChannelName, CorrelationId, EventIdentity, Username } from "../../../src/domain/Ids.ts"
import { heldBackMs, makePseudonyms } from "../../../src/services/replay/Pseudonyms.ts"
import type { RecordingEntry } from "../../../src/services/replay/Recording.ts"

const at = { ts: 1, mono: 1 }
const id = CorrelationId.make("one")

type Event = Extract<RecordingEntry, { readonly kind: "event" }>

const line = (name: string, msg: string): Event => ({
  kind: "event",
  ...at,
  subject: "cytube.events.lobby.chatMsg",
  headers: {},
  payload: { user: { name, rank: 1 }, msg, meta: {}, time: 5 },
  since: at,
  identity: EventIdentity.make("a hash of the name")
})

const settings: RecordingEntry = {
  kind: "config",
  ...at,
  settings: { bot: { username: "MovieBot", aliases: ["mb"], ignore_users: ["Zed"] }, seed: 4 }
}

const replaced = (entries: ReadonlyArray<RecordingEntry>): ReadonlyArray<RecordingEntry> => {
  const { rest, take } = makePseudonyms()
  return [...entries.flatMap(take), ...rest()]
}

/** What is written of some entries, one after the other. */
const written = (...entries: ReadonlyArray<RecordingEntry>): ReadonlyArray<RecordingEntry> => replaced(entries)

describe("names in an anonymous recording", () => {
  it("are the same for the same person, wherever they stand", () => {
    const [, first, second, third] = written(
      settings,
      line("Ana", "hello ana and ben"),
      line("Ben", "MovieBot, say hi to ANA! not to Anastasia"),
      {
        kind: "completion",
        ...at,
        id,
        took: 5,
        attempts: [],
        end: {
          _tag: "Answered",
          text: "Hi Ana, hi Ben",
          model: "m",
          finishReason: "stop",
          inputTokens: 1,
          outputTokens: 1,
          estimated: true
        }
      }
    )
    const { identity: _digest, ...expected } = line("viewer2", "hello viewer2 and viewer3")
    assert.deepStrictEqual(first, expected)
    assert.strictEqual(JSON.stringify(second).includes("MovieBot, say hi to viewer2! not to Anastasia"), true)
    assert.include(JSON.stringify(third), "Hi viewer2, hi viewer3")
  })

  it("are replaced before their owner is seen, and a word that is a name much later stays", () => {
    const later = (name: string, ms: number): Event => ({ ...line(name, "hi"), mono: ms })
    const { rest, take } = makePseudonyms()
    const said = [
      settings,
      line("Ana", "is ben or cleo there?"),
      later("Ben", heldBackMs),
      later("Cleo", heldBackMs + 1)
    ]
    const early = said.slice(0, 3).flatMap(take)
    assert.deepStrictEqual(early, [])
    const due = said.slice(3).flatMap(take)
    assert.include(JSON.stringify(due), "is viewer3 or viewer4 there?")
    assert.strictEqual(due.length, 2)
    assert.strictEqual(rest().length, 2)
    const fresh = makePseudonyms()
    const much = [line("Ana", "is ben there?"), later("Cleo", heldBackMs + 2), later("Ben", heldBackMs + 3)]
    assert.include(JSON.stringify(much.flatMap(fresh.take)), "is ben there?")
  })

  it("are held back at most for so many lines", () => {
    const { rest, take } = makePseudonyms()
    const due = Array.from({ length: 20_003 }, (_, index) => take(line("Ana", `line ${index}`))).flat()
    assert.strictEqual(due.length, 3)
    assert.include(JSON.stringify(due[2]), "line 2")
    assert.strictEqual(rest().length, 20_000)
  })

  it("are found beside marks, in addresses, in names made of two, and however their letters are composed", () => {
    const [, , second] = written(
      settings,
      line("Jörg", "hi"),
      line("Ben", "@JÖRG, _Jörg_ *jörg*: http://x.y/jörg?u=jörg_ Jörg-Peter jo\u0308rg's, not Jörgs")
    )
    const expected = "@viewer2, _viewer2_ *viewer2*: http://x.y/viewer2?u=viewer2_ viewer2-Peter viewer2's, not Jörgs"
    assert.deepInclude(second, { payload: { user: { name: "viewer3", rank: 1 }, msg: expected, meta: {}, time: 5 } })
  })

  it("are found in the pieces and character references of a line's HTML, which keeps its own", () => {
    const [, , , html] = written(
      settings,
      line("Ana", "hi"),
      line("amp", "hi"),
      line("Ben", "A<em></em>na, &#65;na &amp; ana: 1 &lt; 2 &#39;and&#39; <b>so</b> on")
    )
    assert.deepInclude(html, {
      payload: {
        user: { name: "viewer4", rank: 1 },
        msg: "viewer2, viewer2 &amp; viewer2: 1 &lt; 2 'and' so on",
        meta: {},
        time: 5
      }
    })
  })

  it("are replaced inside the bridge's envelope, whose own fields stay; what the wire does not read is left out", () => {
    const envelope = { event_name: "chatMsg", channel: "Lobby", domain: "cytu.be", correlation_id: "c", timestamp: "t" }
    const member = { name: "Ana", rank: 2, profile: { text: "I am Ana" }, meta: { aliases: ["Eve"], ip: "1.2.3" } }
    const [, , list, whisper] = written(
      settings,
      line("lobby", "hi"),
      { ...line("", ""), headers: { Host: "ana's" }, payload: { ...envelope, from: "Ana", payload: [member] } },
      { ...line("", ""), payload: { ...envelope, payload: { username: "Ben", to: "MovieBot", msg: "psst, ana" } } }
    )
    assert.deepInclude(list, {
      headers: {},
      payload: { ...envelope, payload: [{ name: "viewer3", rank: 2, meta: {} }] }
    })
    assert.deepInclude(whisper, {
      payload: { ...envelope, payload: { username: "viewer4", to: "MovieBot", msg: "psst, viewer3" } }
    })
  })

  it("leave the bot's name whole where somebody's name is a part of it", () => {
    const named: RecordingEntry = { kind: "config", ...at, settings: { bot: { username: "Movie-Bot" } } }
    const [, own] = written(named, line("Bot", "Movie-Bot, hi! And you, bot?"))
    assert.include(JSON.stringify(own), "Movie-Bot, hi! And you, viewer1?")
  })

  it("leave the bot and the server their own, and hide whom the bot ignores", () => {
    const [config, own, server] = written(settings, line("MovieBot", "I am mb"), line("[server]", "welcome"))
    assert.include(JSON.stringify(config), `"ignore_users":["viewer1"]`)
    assert.include(JSON.stringify(own), `"name":"MovieBot"`)
    assert.include(JSON.stringify(server), `"name":"[server]"`)
  })

  it("are replaced in lists and decisions, and nothing that was made of them is kept", () => {
    const texts = written(
      settings,
      {
        ...line("Ana", "hi"),
        subject: "cytube.events.lobby.userlist",
        payload: [{ name: "Ana", rank: 1 }, { name: "Cleo", rank: 2 }]
      },
      line("Cleo", "hi"),
      {
        kind: "decision",
        ...at,
        record: {
          correlationId: id,
          channel: ChannelName.make("lobby"),
          eventType: "chatMsg",
          username: Username.make("Cleo"),
          arrivedAt: 1,
          steps: []
        }
      }
    ).map((entry) => JSON.stringify(entry))
    for (const text of texts) {
      assert.notMatch(text, /ana|cleo|hash/i)
    }
    assert.include(texts[3] ?? "", "viewer3")
  })
})
