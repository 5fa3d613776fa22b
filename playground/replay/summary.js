// The figures of one run, or of two beside each other.
import { html } from "/vendor/htm-preact.js"
import { change, count, figure, grouped, percent, rate, seconds } from "../words.js"
import { Chart, spanMs } from "./chart.js"
import { comparison, letters, repliesAt, runs, two } from "./data.js"
import { Bars, ListCard, Reason, TableCard } from "./parts.js"

const summaries = runs.map(({ summary }) => summary)
const [a, b] = summaries

const Tile = ({ name, tone = "", under, value }) =>
  html`<div class="tile"><dt>${name}</dt><dd class="value ${tone}">${value}</dd><dd class="small">${under}</dd></div>`

/** A figure of one run with what explains it, or the figures of two with their difference. */
const Compared = ({ lessIsBetter, name, read, under, words = grouped }) => {
  const [before, after] = summaries.map(read)
  if (!two) return html`<${Tile} name=${name} value=${words(before)} under=${under(a)} />`
  const same = words(before) === words(after)
  const difference = before > 0
    ? `${after > before ? "+" : "−"}${percent(Math.abs(after - before), before)}`
    : change(after - before)
  return html`<${Tile}
    name=${name} value=${html`<small>${words(before)} → </small>${words(after)}`}
    under=${same ? "no change" : difference} tone=${same || !lessIsBetter ? "" : after < before ? "better" : "worse"}
  />`
}

const repliesUnder = ({ lines, replied, repliesPerHour }) =>
  replied === 0
    ? `to ${count(lines, "line")}`
    : `${rate(replied, lines)}, ${figure(repliesPerHour)} an hour`

const tokensUnder = ({ costs: { estimatedAnswers, perReply } }) =>
  `${perReply ? `${grouped(perReply.inputTokens)} + ${grouped(perReply.outputTokens)} a reply` : "none"}${
    estimatedAnswers > 0 ? ", estimated" : ""
  }`

const failuresUnder = ({ costs: { delivery }, replied }) => {
  if (replied === 0) return "no reply"
  if (delivery.unconfirmed > 0) return `${count(delivery.unconfirmed, "reply", "replies")} not seen in the room`
  if (delivery.unknown === 0) return "all replies seen in the room"
  return delivery.delivered === 0 ? "" : `${count(delivery.delivered, "reply", "replies")} seen in the room`
}

const Tiles = () =>
  html`<dl class="tiles">
  <${Compared} name="Replies" read=${({ replied }) => replied} under=${repliesUnder} />
  <${Compared} name="Unanswered mentions" read=${({ mentions }) => mentions.unanswered} lessIsBetter
    under=${({ mentions: { all, unanswered } }) => `of ${count(all, "mention")} (${percent(unanswered, all)})`} />
  <${Compared} name="Reply delay, half within" read=${({ costs }) => costs.delayMs?.p50}
    words=${(ms) => ms === undefined ? "–" : seconds(ms)}
    under=${({ costs: { delayMs } }) => delayMs ? `95 % within ${seconds(delayMs.p95)}` : "no reply"} />
  <${Compared} name="Tokens" read=${({ costs }) => costs.inputTokens + costs.outputTokens} under=${tokensUnder} />
  <${Compared} name="Model requests" read=${({ costs }) => costs.requests}
    under=${({ costs: { failedRequests } }) =>
    failedRequests === 0 ? "none failed" : `${grouped(failedRequests)} failed`} />
  <${Compared} name="Failures" read=${({ failed }) => failed} under=${failuresUnder} lessIsBetter />
</dl>`

/** The first of a list, and that it continues. */
const First = ({ all, items }) =>
  html`<ol>${items.map((item) => html`<li dir="auto">${item}</li>`)}</ol>${
    all > items.length && `… and ${grouped(all - items.length)} more`
  }`

const Unusable = () => {
  const { count: all, first } = a.unusable
  return all > 0 && html`<div class="note hold">${count(all, "line")} of the log could not be used.
    <${First} all=${all} items=${
    first.slice(0, 10).map(({ file, line, why }) =>
      `Line ${grouped(line)}${file === undefined ? "" : ` of ${file}`}: ${why}`
    )
  } />
  </div>`
}

const Fidelity = ({ fidelity: { alike, decisions, departures, differing }, who }) =>
  differing === 0
    ? html`<p class="note good">${who}All ${count(decisions, "decision")} end as in the live run.</p>`
    : html`<details class="note hold">
    <summary>${who}${grouped(alike)} of ${count(decisions, "decision")} end as in the live run, ${
      grouped(differing)
    } otherwise</summary>
    <${First} all=${differing} items=${
      departures.slice(0, 20).map(({ at, live, replay, user }) =>
        `${at} ${user}: live ${live || "nothing"}; replay ${replay || "nothing"}`
      )
    } />
  </details>`

const Silences = () => {
  const reasons = two
    ? comparison.reasons.map((line) => ({ ...line, values: [line.a, line.b] }))
    : a.reasons.map((line) => ({ ...line, values: [line.count] }))
  const most = Math.max(...reasons.flatMap(({ values }) => values))
  const counts = two ? [["A", "right"], ["B", "right"], ["change", "right"]] : [["times", "right"]]
  return html`<${TableCard} title=${two ? "Why they keep silent" : "Why it kept silent"}
    heads=${[["(reason)", ""], ...counts, ["(share)", "wide optional"]]}
    lines=${
    reasons.map(({ difference, reason, text, values }) => [
      html`<${Reason} name=${reason} text=${text} />`,
      ...values.map(grouped),
      ...(two ? [change(difference)] : []),
      html`<${Bars} values=${values} most=${most} />`
    ])
  } />`
}

const Failures = () =>
  summaries.map(({ failures }, side) =>
    failures.length > 0 && html`<${TableCard} title=${`What failed${two ? ` in ${letters[side]}` : ""}`}
    className=${two ? "half" : ""} heads=${[["(error)", ""], ["times", "right"]]}
    lines=${
      failures.map(({ count: times, error, text }) => [
        html`<${Reason} name=${error} text=${text} />`,
        grouped(times)
      ])
    } />`
  )

const People = () => {
  if (two) {
    return html`<${TableCard} title="Who gets how many replies" className="half"
      heads=${[["(person)", ""], ["A", "right"], ["B", "right"], ["change", "right"]]}
      lines=${
      comparison.users.map((line) => [line.user, grouped(line.a), grouped(line.b), change(line.difference)])
    } />`
  }
  const { others, top, unasked } = a.people
  const lineOf = (user, { addressed, lines, replies }) => [user, grouped(replies), grouped(addressed), grouped(lines)]
  return html`<${TableCard} title="Who got how much" className="half"
    heads=${[["(person)", ""], ["replies", "right"], ["mentions", "right"], ["lines", "right"]]}
    lines=${[
    ...top.map((user) => lineOf(user.user, user)),
    ...(others.users > 0 ? [lineOf(count(others.users, "other"), others)] : []),
    ...(unasked > 0 ? [["nobody asked", grouped(unasked), "", ""]] : [])
  ]} />`
}

const Triggers = () =>
  summaries.map(({ triggers }, side) =>
    triggers.length > 0 && html`<${TableCard} title=${`Triggers${two ? ` in ${letters[side]}` : ""}`} className="half"
    heads=${[["(entry)", ""], ["matched", "right"], ["fired", "right"], ["replied", "right"], [
      "no reply because of",
      ""
    ]]}
    lines=${
      triggers.map(({ entry, fired, matched, refused, replied }) => [
        entry,
        grouped(matched),
        grouped(fired),
        grouped(replied),
        refused.map(({ count: times, reason, text }, place) =>
          html`<span title=${text}>${place > 0 ? ", " : ""}${reason} ${grouped(times)}</span>`
        )
      ])
    } />`
  )

const Busiest = () =>
  html`<${TableCard} title="Busiest minutes, UTC" className="half"
  heads=${[["(minute)", ""], ["lines", "right"], ...(two ? [["A", "right"], ["B", "right"]] : [["replies", "right"]])]}
  lines=${
    a.activity.busiest.map(({ from, lines, replies }) => [
      html`<a href="#at-${spanMs(from)}">${from}</a>`,
      grouped(lines),
      grouped(replies),
      ...(two
        ? [grouped(b.activity.busiest.find((other) => other.from === from)?.replies ?? repliesAt(spanMs(from), 1))]
        : [])
    ])
  } />`

const Answers = () =>
  html`<p class="small">${
    two && a.answersFrom !== b.answersFrom
      ? `Answers in A come from ${a.answersFrom}; in B from ${b.answersFrom}.`
      : `Answers come from ${a.answersFrom}.`
  }</p>`

export const Summary = () =>
  html`<div class="column">
  ${comparison && html`<p class="card verdict">${comparison.verdict}</p>`}
  ${a.notes.map((note) => html`<p class="note ${note.startsWith("Warning") ? "hold" : ""}">${note}</p>`)}
  <${Unusable} />
  ${
    runs.map(({ fidelity }, side) =>
      fidelity && html`<${Fidelity} fidelity=${fidelity} who=${two ? `${letters[side]}: ` : ""} />`
    )
  }
  <${Tiles} />
  <${Answers} />
  ${
    a.events > 0 && html`
    <${Chart} />
    ${
      two && html`<${ListCard} title="A replied, B does not" name="lost" />
      <${ListCard} title="B replies, A did not" name="gained" />`
    }
    <${Silences} />
    <${Failures} />
    <${People} />
    ${two ? html`<${Busiest} /><${Triggers} />` : html`<div class="half"><${Triggers} /><${Busiest} /></div>`}
    <${ListCard}
      title=${two ? "Unanswered mentions in A or B" : "Unanswered mentions"} name="missed"
      about="Lines that name the bot or match a mention trigger, and private messages to it."
    />`
  }
</div>`
