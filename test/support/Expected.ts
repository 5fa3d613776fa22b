import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Effect, Predicate, Schema } from "effect"
import { SkipReason } from "../../src/domain/decision/Decision.ts"
import type { BusMessage } from "./Bus.ts"

const Expected = Schema.Struct({
  /** The captured line it is about, and what it says. */
  line: Schema.Int,
  about: Schema.String,
  /** Why the default configuration keeps silent; left out where it answers, too. */
  refused: Schema.optionalKey(SkipReason),
  subject: Schema.String,
  request: Schema.Boolean,
  body: Schema.Record(Schema.String, Schema.Unknown),
  headers: Schema.Record(Schema.String, Schema.String)
})
type Expected = typeof Expected.Type

const decode = Schema.decodeEffect(Schema.fromJsonString(Schema.Array(Expected)), { onExcessProperty: "error" })

/** What was written by hand about a capture: every line that calls the bot, and the command that answers it. */
export const loadExpected = (name: string) =>
  Effect.orDie(decode(readFileSync(resolve(import.meta.dirname, `../fixtures/expected/${name}.json`), "utf8")))

/** What differs from run to run and is asserted by its form. */
const forms: Readonly<Record<string, RegExp>> = {
  "<uuid>": /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  "<epoch ms>": /^\d{13}$/,
  "<iso time>": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
  "<hash>": /^[0-9a-f]{32,128}$/
}

/** The value with the expected forms in place of what has that form; everything else stays as it came. */
const inForm = (actual: unknown, expected: unknown): unknown => {
  if (typeof actual === "string" && typeof expected === "string") {
    return forms[expected]?.test(actual) === true ? expected : actual
  }
  return Predicate.isObject(actual) && Predicate.isObject(expected)
    ? Object.fromEntries(Object.entries(actual).map(([key, value]) => [key, inForm(value, expected[key])]))
    : actual
}

/** A published command as the expectation writes it. A body that is not compact JSON stays text and equals none. */
const written = ({ body, headers, request, subject }: BusMessage) => {
  const parsed: unknown = JSON.parse(body)
  return { subject, request, body: JSON.stringify(parsed) === body ? parsed : body, headers }
}

const textOf = ({ body }: { readonly body: unknown }): string =>
  Predicate.isObject(body) ? JSON.stringify(body.args ?? body.data) : ""

const byText = <A extends { readonly body: unknown }>(commands: ReadonlyArray<A>): Array<A> =>
  commands.toSorted((one, other) => textOf(one) < textOf(other) ? -1 : 1)

/** Both lists as one compares them: `ordered` when each line was answered before the next came. */
export const compared = (
  actual: ReadonlyArray<BusMessage>,
  expected: ReadonlyArray<Expected>,
  ordered: boolean
) => {
  const wanted = expected.map(({ body, headers, request, subject }) => ({ subject, request, body, headers }))
  const came = actual.map(written)
  const [left, right] = ordered ? [came, wanted] : [byText(came), byText(wanted)]
  return { actual: left.map((command, index) => inForm(command, right[index])), expected: right }
}
