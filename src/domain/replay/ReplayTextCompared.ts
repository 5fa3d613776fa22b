import type { Change, ChangeKind, Difference, ReplayComparison } from "./ReplayComparison.ts"
import type { Fidelity } from "./ReplayFidelity.ts"
import type { ReplaySummary } from "./ReplaySummary.ts"
import { columns, momentIn, more, mostListed, saidText, section, spanName, spanText } from "./ReplayLayout.ts"
import { aboutText, fidelityText } from "./ReplayText.ts"
import { bar, changeText, countText, cut, figureText, fit, oneLine, wrapped } from "./ReplayWords.ts"

const kindTexts: Readonly<Record<ChangeKind, string>> = {
  lost: "A replied, B does not",
  gained: "B replies, A did not",
  other_reason: "no reply either way, for another reason",
  other_text: "both reply, with other texts",
  only_a: "a look at the room that only A took",
  only_b: "a look at the room that only B took"
}

/** A kind of change in words. */
const kindText = (kind: ChangeKind): string => kindTexts[kind]

const row = (name: string, { a, b, difference }: Difference): string =>
  `  ${fit(name, 44)} ${figureText(a).padStart(10)} ${figureText(b).padStart(10)} ${
    changeText(difference).padStart(10)
  }`

const head = `  ${fit("", 44)} ${"A".padStart(10)} ${"B".padStart(10)} ${"difference".padStart(10)}`

const table = (rows: ReadonlyArray<readonly [string, Difference]>): ReadonlyArray<string> =>
  rows.length === 0 ? [] : [head, ...rows.map(([name, difference]) => row(name, difference))]

const figuresOf = (comparison: ReplayComparison): ReadonlyArray<string> =>
  table([
    ["Replies", comparison.replies],
    ["Replies an hour", comparison.repliesPerHour],
    ["Unanswered mentions", comparison.unansweredMentions],
    ["Failed", comparison.failed],
    ["Model requests", comparison.requests],
    ["Tokens in", comparison.inputTokens],
    ["Tokens out", comparison.outputTokens]
  ])

const reasonsOf = ({ reasons }: ReplayComparison): ReadonlyArray<string> =>
  reasons.length === 0
    ? []
    : [head, ...reasons.flatMap(({ reason, text, ...difference }) => [row(reason, difference), `    ${text}`])]

const whenOf = ([a, b]: readonly [ReplaySummary, ReplaySummary]): ReadonlyArray<string> => {
  const { spanHours, spans } = a.activity
  const most = Math.max(...[...spans, ...b.activity.spans].map(({ replies }) => replies))
  const line = (name: string, replies: number): string => `${name} ${bar(replies, most, 40)} ${countText(replies)}`
  return section(
    `Replies by ${spanName(spanHours)} (UTC)`,
    spans.flatMap(({ from, replies }, index) => [
      `  ${fit(spanText(from, spanHours), 18)} ${line("A", replies)}`,
      `  ${" ".repeat(18)} ${line("B", b.activity.spans[index]?.replies ?? 0)}`
    ])
  )
}

const changeLines = (moment: (at: string) => string) => ({ a, at, b, text, user }: Change): ReadonlyArray<string> => {
  const side = (name: string, told: Change["a"]): string =>
    wrapped(
      `    ${name}: ${
        told === undefined
          ? "nothing"
          : told.reply === undefined
          ? `${oneLine(told.why)} (${told.end})`
          : `"${cut(oneLine(told.reply), 60)}"`
      }`,
      columns,
      "       "
    )
  return [`  ${moment(at)}  ${saidText(user, text)}`, side("A", a), side("B", b)]
}

const changesOf = ({ changed, changes }: ReplayComparison, moment: (at: string) => string): ReadonlyArray<string> =>
  (["lost", "gained", "other_reason", "other_text", "only_a", "only_b"] as const).flatMap((kind) => {
    const all = changes.filter((change) => change.kind === kind)
    return section(`${kindText(kind)} (${countText(changed[kind])})`, [
      ...all.slice(0, mostListed).flatMap(changeLines(moment)),
      ...more(all.length - mostListed)
    ])
  })

const bySide = (
  summaries: readonly [ReplaySummary, ReplaySummary],
  of: (summary: ReplaySummary) => string
): ReadonlyArray<string> => {
  const [a, b] = [of(summaries[0]), of(summaries[1])]
  return a === b ? [a] : [`A: ${a}`, `B: ${b}`]
}

/** Two replays of a log side by side as a report for a terminal of 80 columns. */
export const comparedText = (
  summaries: readonly [ReplaySummary, ReplaySummary],
  comparison: ReplayComparison,
  fidelity: Fidelity | undefined
): string => {
  const [a, b] = summaries
  return [
    `Replay of ${oneLine(a.log)}`,
    `  A: ${oneLine(a.config)}`,
    `  B: ${oneLine(b.config)}`,
    "",
    wrapped(comparison.verdict, columns, ""),
    "",
    ...aboutText(a),
    ...bySide(summaries, ({ answersFrom }) => `Answers come from ${oneLine(answersFrom)}.`).map((line) =>
      wrapped(line, columns, "   ")
    ),
    ...fidelityText(fidelity).map((line, index) => index === 0 ? `A: ${line}` : line),
    ...section("In figures", figuresOf(comparison)),
    ...section("Why they keep silent", reasonsOf(comparison)),
    ...section(
      "Who gets how many replies",
      table(comparison.users.map(({ user, ...difference }) => [oneLine(user), difference]))
    ),
    ...whenOf(summaries),
    ...changesOf(comparison, momentIn(a)),
    ""
  ].join("\n")
}
