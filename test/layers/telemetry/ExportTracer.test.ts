import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Tracer } from "effect"
import { exportTracer } from "../../../src/layers/telemetry/ExportTracer.ts"
import { exported } from "../../../src/services/telemetry/Traces.ts"

/** The spans that reach an exporter, in the order in which they began. */
const recording = () => {
  const spans: Array<Tracer.Span> = []
  const tracer = exportTracer(Tracer.make({
    span: (options) => {
      const span = Tracer.nativeTracer.span(options)
      spans.push(span)
      return span
    }
  }))
  return { spans, tracer }
}

const trace = Effect.withSpan("decision", { root: true, annotations: exported })
const chat = Effect.withSpan("chat", { annotations: exported })
const within = Effect.fn("Some.function")((effect: Effect.Effect<unknown, unknown>) => effect)

const spansOf = Effect.fnUntraced(function*(effect: Effect.Effect<unknown, unknown>) {
  const { spans, tracer } = recording()
  yield* Effect.exit(Effect.withTracer(effect, tracer))
  return spans
})

const exitOf = (span: Tracer.Span | undefined) => span?.status._tag === "Ended" ? span.status.exit : undefined

describe("exported spans", () => {
  it.effect("are those named on purpose; a function's span stays inside and is no parent", () =>
    Effect.gen(function*() {
      const spans = yield* spansOf(trace(within(within(chat(within(Effect.void))))))
      assert.deepStrictEqual(spans.map(({ name }) => name), ["decision", "chat"])
      const [root, child] = spans
      assert.deepStrictEqual(
        Option.map(child?.parent ?? Option.none(), ({ spanId }) => spanId),
        Option.some(root?.spanId)
      )
      assert.strictEqual(child?.traceId, root?.traceId)
    }))

  it.effect("need a trace, and one that is sampled", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* spansOf(within(chat(Effect.void))), [])
      const unsampled = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16), sampled: false })
      assert.deepStrictEqual(yield* spansOf(Effect.withParentSpan(chat(Effect.void), unsampled)), [])
    }))

  const failure = { _tag: "LlmServerFailed", message: "it failed", body: "zanzibar", stack: "at /src/" }
  const defect = { name: "Defect", message: "an internal error" }
  const ends: ReadonlyArray<
    readonly [
      name: string,
      effect: Effect.Effect<never, unknown>,
      error: { readonly name: string; readonly message: string }
    ]
  > = [
    ["failure", Effect.fail(failure), { name: "LlmServerFailed", message: "it failed" }],
    ["failure of another shape", Effect.fail("zanzibar"), defect],
    ["defect", Effect.die(new Error("zanzibar")), defect],
    ["interruption", Effect.interrupt, { name: "Interrupted", message: "given up before it ended" }]
  ]
  for (const [name, effect, error] of ends) {
    it.effect(`end without stacks and causes: ${name}`, () =>
      Effect.gen(function*() {
        const [, span] = yield* spansOf(trace(chat(effect)))
        assert.deepStrictEqual(exitOf(span), Exit.fail(error))
        assert.strictEqual(span?.attributes.get("error.type"), error.name)
      }))
  }

  it.effect("end without what was made: success", () =>
    Effect.gen(function*() {
      const [, span] = yield* spansOf(trace(chat(Effect.succeed("zanzibar"))))
      assert.deepStrictEqual(exitOf(span), Exit.void)
      assert.isFalse(span?.attributes.has("error.type"))
    }))
})
