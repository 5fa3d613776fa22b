import type { EndCount } from "./ReplayEnd.ts"
import type { Fidelity } from "./ReplayFidelity.ts"
import { columns, figures, momentIn, more, mostListed, saidText, section, spanName, spanText } from "./ReplayLayout.ts"
import { placeText } from "./ReplayNotes.ts"
import type { ReplaySummary } from "./ReplaySummary.ts"
import {
  bar,
  countText,
  cut,
  durationText,
  figureText,
  fit,
  many,
  oneLine,
  percentText,
  rateText,
  wrapped
} from "./ReplayWords.ts"

/** The heading: the log, the configuration and caveats. */
export const aboutText = (summary: ReplaySummary): ReadonlyArray<string> => {
  const { events, from, lastedMs, lines, to, unusable } = summary
  const warning = unusable.count === 0 ? [] : [
    `Warning: ${many(unusable.count, "line")} of the log could not be used:`,
    ...unusable.first.slice(0, 5).map((place) =>
      wrapped(`  ${oneLine(`${placeText(place)}: ${place.why}`)}`, columns, "    ")
    ),
    ...more(unusable.count - Math.min(5, unusable.first.length))
  ]
  const notes = summary.notes.map((note) => wrapped(oneLine(note), columns, "  "))
  if (events === 0) return ["There is no event in it.", ...warning]
  const span = momentIn(summary)(to)
  return [
    wrapped(
      `${from} to ${span} UTC (${durationText(lastedMs)}), ${many(events, "event")}, ${many(lines, "line")} of people.`,
      columns,
      ""
    ),
    ...notes,
    ...warning
  ]
}

const oftenOf = (summary: ReplaySummary): ReadonlyArray<string> => {
  const { costs, failed, lines, mentions, replied, repliesPerHour, skipped, underWay } = summary
  const { delayMs, delivery, perReply } = costs
  const estimated = costs.estimatedAnswers === 0
    ? ""
    : costs.estimatedAnswers === costs.answers
    ? ", estimated"
    : ", partly estimated"
  return figures([
    [
      "Replies",
      `${countText(replied)}${
        replied === 0
          ? ""
          : `: ${rateText(replied, lines)}, ${figureText(repliesPerHour)} an hour`
      }`
    ],
    ["No reply", countText(skipped)],
    ...(failed === 0 ? [] : [["Failed", countText(failed)] as const]),
    ...(underWay === 0 ? [] : [["Undecided at the end", countText(underWay)] as const]),
    [
      "Mentions",
      mentions.all === 0
        ? "none"
        : `${countText(mentions.all)}: ${countText(mentions.answered)} answered (${
          percentText(mentions.answered, mentions.all)
        }), ${countText(mentions.unanswered.length)} not`
    ],
    ...(delayMs === undefined
      ? []
      : [
        ["Reply delay", `half within ${durationText(delayMs.p50)}, 95 % within ${durationText(delayMs.p95)}`] as const
      ]),
    [
      "Model requests",
      `${countText(costs.requests)}${costs.failedRequests === 0 ? "" : `, ${countText(costs.failedRequests)} failed`}`
    ],
    ["Tokens", `${countText(costs.inputTokens)} in, ${countText(costs.outputTokens)} out${estimated}`],
    ...(perReply === undefined
      ? []
      : [["  a reply", `${countText(perReply.inputTokens)} in, ${countText(perReply.outputTokens)} out`] as const]),
    ...(delivery.delivered + delivery.unconfirmed === 0
      ? []
      : [
        [
          "Seen in the room",
          `${countText(delivery.delivered)}${
            delivery.unconfirmed === 0 ? "" : `, ${countText(delivery.unconfirmed)} not`
          }${delivery.unknown === 0 ? "" : `, ${countText(delivery.unknown)} unknown`}`
        ] as const
      ])
  ])
}

const whenOf = ({ activity: { busiest, spanHours, spans } }: ReplaySummary): ReadonlyArray<string> => {
  const most = Math.max(...spans.map(({ replies }) => replies))
  return [
    ...section(
      `Replies by ${spanName(spanHours)} (UTC)`,
      spans.map(({ from, lines, replies }) =>
        `  ${fit(spanText(from, spanHours), 16)} ${many(lines, "line").padStart(12)}  ${bar(replies, most, 30)} ${
          countText(replies)
        }`.trimEnd()
      )
    ),
    ...section(
      "Busiest minutes (UTC)",
      busiest.map(({ from, lines, replies }) =>
        `  ${from} ${many(lines, "line").padStart(12)}  ${many(replies, "reply", "replies")}`
      )
    )
  ]
}

/** Reasons with a bar each: how often, in words, by name. */
const endsOf = (ends: ReadonlyArray<EndCount>): ReadonlyArray<string> =>
  ends.map(({ count, reason, text }) =>
    wrapped(
      `  ${countText(count).padStart(7)}  ${fit(bar(count, ends[0]?.count ?? 0, 12), 12)}  ${text} (${reason})`,
      columns,
      " ".repeat(25)
    )
  )

const failuresOf = ({ failures }: ReplaySummary): ReadonlyArray<string> =>
  failures.map(({ count, error, text }) =>
    wrapped(`  ${countText(count).padStart(7)}  ${error}: ${oneLine(text)}`, columns, " ".repeat(11))
  )

const peopleOf = ({ people: { others, top, unasked } }: ReplaySummary): ReadonlyArray<string> => {
  if (top.length === 0) return []
  const most = Math.max(...top.map(({ replies }) => replies))
  const row = (name: string, replies: number, addressed: number, lines: number): string =>
    `  ${fit(oneLine(name), 22)} ${countText(replies).padStart(7)} ${countText(addressed).padStart(9)} ${
      countText(lines).padStart(8)
    }  ${bar(replies, most, 24)}`.trimEnd()
  return [
    `  ${fit("", 22)} replies  mentions    lines`,
    ...top.map(({ addressed, lines, replies, user }) => row(user, replies, addressed, lines)),
    ...(others.users === 0 ? [] : [row(many(others.users, "other"), others.replies, others.addressed, others.lines)]),
    ...(unasked === 0 ? [] : [row("nobody asked", unasked, 0, 0)])
  ]
}

const triggersOf = ({ triggers }: ReplaySummary): ReadonlyArray<string> =>
  triggers.flatMap(({ entry, fired, matched, refused, replied }) => [
    `  ${fit(entry, 14)} matched ${countText(matched)}, fired ${countText(fired)}, replied ${countText(replied)}`,
    ...(refused.length === 0 ? [] : [
      wrapped(
        `${" ".repeat(17)}no reply: ${refused.map(({ count, reason }) => `${reason} ${countText(count)}`).join(", ")}`,
        columns,
        " ".repeat(19)
      )
    ])
  ])

const unansweredOf = (summary: ReplaySummary): ReadonlyArray<string> => {
  const { unanswered } = summary.mentions
  const moment = momentIn(summary)
  return [
    ...unanswered.slice(0, mostListed).flatMap(({ at, reason, text, user, why }) => [
      `  ${moment(at)}  ${saidText(user, text)}`,
      wrapped(`    ${oneLine(why)} (${reason})`, columns, "      ")
    ]),
    ...more(unanswered.length - mostListed)
  ]
}

/** Whether the replay matches the live run; if not, what differs. */
export const fidelityText = (fidelity: Fidelity | undefined): ReadonlyArray<string> => {
  if (fidelity === undefined) return []
  const { alike, decisions, departures } = fidelity
  if (departures.length === 0) return [`All ${many(decisions, "decision")} end as in the live run.`]
  return [
    `${countText(alike)} of ${many(decisions, "decision")} end as in the live run, ${
      countText(departures.length)
    } otherwise:`,
    ...departures.slice(0, mostListed).flatMap(({ at, live, replay, user }) => [
      `  ${at}  ${cut(oneLine(user), 40)}`,
      wrapped(`    live:   ${live === "" ? "nothing" : oneLine(live)}`, columns, "            "),
      wrapped(`    replay: ${replay === "" ? "nothing" : oneLine(replay)}`, columns, "            ")
    ]),
    ...more(departures.length - mostListed)
  ]
}

/** One replay as a report for a terminal of 80 columns. */
export const replayText = (summary: ReplaySummary, fidelity: Fidelity | undefined): string =>
  [
    `Replay of ${oneLine(summary.log)} with ${oneLine(summary.config)}`,
    "",
    ...aboutText(summary),
    wrapped(`Answers come from ${oneLine(summary.answersFrom)}.`, columns, ""),
    ...fidelityText(fidelity),
    ...section("How often", oftenOf(summary)),
    ...section("Why it kept silent", endsOf(summary.reasons)),
    ...section("What failed", failuresOf(summary)),
    ...whenOf(summary),
    ...section("Who got how much", peopleOf(summary)),
    ...section("Triggers", triggersOf(summary)),
    ...section(`Unanswered mentions (${countText(summary.mentions.unanswered.length)})`, unansweredOf(summary)),
    ""
  ].join("\n")
