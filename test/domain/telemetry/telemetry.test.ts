import { assert, describe, it } from "@effect/vitest"
import * as conventions from "@opentelemetry/semantic-conventions/incubating"
import { Option } from "effect"
import { readTraceparent, writeTraceparent } from "../../../src/domain/telemetry/TraceContext.ts"
import { attribute } from "../../../src/domain/telemetry/TraceNames.ts"
import { stepEvent } from "../../../src/domain/decision/DecisionSpan.ts"
import { EntryKey } from "../../../src/domain/Ids.ts"
import { commandTemplate, eventTemplate } from "../../../src/domain/wire/Subject.ts"

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const spanId = "00f067aa0ba902b7"
const zeros = "0".repeat(32)

describe("the header traceparent", () => {
  it("is read back as it was written", () => {
    for (const sampled of [true, false]) {
      const context = { traceId, spanId, sampled }
      assert.deepStrictEqual(readTraceparent(writeTraceparent(context)), Option.some(context))
    }
  })

  it("of a later version may say more", () => {
    assert.deepStrictEqual(
      readTraceparent(`01-${traceId}-${spanId}-03-more`),
      Option.some({ traceId, spanId, sampled: true })
    )
  })

  const malformed = {
    "is missing": undefined,
    "is empty": "",
    "names no trace": `00-${zeros}-${spanId}-01`,
    "names no span": `00-${traceId}-${zeros.slice(16)}-01`,
    "is in upper case": `00-${traceId.toUpperCase()}-${spanId}-01`,
    "is of version ff": `ff-${traceId}-${spanId}-01`,
    "is of version 00 and says more": `00-${traceId}-${spanId}-01-more`,
    "is cut": `00-${traceId}-${spanId}`,
    "comes twice": `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`
  }
  for (const [what, header] of Object.entries(malformed)) {
    it(`links nothing when it ${what}`, () => assert.deepStrictEqual(readTraceparent(header), Option.none()))
  }
})

describe("the names of a trace", () => {
  it("are OpenTelemetry's own, or plainly ours", () => {
    const standard = new Set<string>(Object.values(conventions).filter((value) => typeof value === "string"))
    const strange = Object.values(attribute).filter((name) => !standard.has(name) && !name.startsWith("llm_bot."))
    assert.deepStrictEqual(strange, [])
  })

  it("of a subject differ from its room alone", () => {
    assert.deepStrictEqual(
      [
        eventTemplate("cytube", "chatMsg"),
        eventTemplate("kryten", "chatMsg"),
        eventTemplate("kryten-legacy", "changeMedia")
      ],
      [
        "cytube.events.{channel}.chatMsg",
        "kryten.events.cytube.{channel}.chatmsg",
        "cytube.events.{domain}.{channel}.changemedia"
      ]
    )
    assert.deepStrictEqual(
      [commandTemplate("cytube", "pm"), commandTemplate("kryten", "chat"), commandTemplate("kryten-legacy", "chat")],
      ["cytube.commands.{channel}.pm", "kryten.robot.command", "cytube.commands.{domain}.{channel}.chat"]
    )
  })
})

describe("a step as an event", () => {
  it("has its numbers and not what matched, what failed or why something was dropped", () => {
    const at = 3
    const events = [
      stepEvent({
        _tag: "Trigger",
        at,
        entry: EntryKey.make("keyword"),
        result: { _tag: "Fired", matched: "zanzibar", draw: 0.1, needed: 0.5, unlucky: 2 }
      }),
      stepEvent({ _tag: "Fallback", at, error: "LlmTimeout", message: "zanzibar" }),
      stepEvent({ _tag: "LlmAttempt", at, model: "m", attempt: 1, status: "error", durationMs: 5, detail: "zanzibar" }),
      stepEvent({
        _tag: "Processed",
        at,
        step: "length",
        before: 9,
        after: 9,
        dropped: { _tag: "BlockKeyword", keyword: "zanzibar" }
      })
    ]
    assert.notInclude(JSON.stringify(events), "zanzibar")
    assert.deepStrictEqual(events[0], {
      name: "trigger",
      attributes: {
        "llm_bot.entry": "keyword",
        "llm_bot.result": "fired",
        "llm_bot.draw": 0.1,
        "llm_bot.needed": 0.5,
        "llm_bot.unlucky": 2
      }
    })
  })
})
