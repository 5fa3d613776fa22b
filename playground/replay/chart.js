// How much was said and replied, hour by hour.
import { html } from "/vendor/htm-preact.js"
import { count, grouped } from "../words.js"
import { runs, two } from "./data.js"
import { Card, Scroll } from "./parts.js"

/** In a longer chart there is no room for the figures. */
const figuresUpTo = 24

export const spanMs = (from) => Date.parse(`${from.replace(" ", "T")}Z`)

const Legend = () => {
  const [a, b] = runs.map(({ summary }) => summary.config)
  const keys = two ? [[`A: ${a}`, "--a"], [`B: ${b}`, "--b"]] : [["replies", "--a"]]
  return html`<p class="keys">${
    [...keys, ["what people said", "--lines"]].map(([words, key]) =>
      html`<span style=${{ "--key": `var(${key})` }}>${words}</span>`
    )
  }</p>`
}

const Column = ({ figures, label, lines, most, mostSaid, replies, span: { from }, words }) => {
  const told = `${words} UTC: ${
    two ? `A ${grouped(replies[0])}, B ${count(replies[1], "reply", "replies")}` : count(replies[0], "reply", "replies")
  }, ${count(lines, "line")}`
  return html`<a href="#at-${spanMs(from)}" title=${told}>
    <span class="bars" aria-hidden="true">${
    replies.map((number, side) =>
      html`<i class=${"ab"[side]} style=${{ height: `${(86 * number) / most}%` }}>${
        figures && html`<b>${grouped(number)}</b>`
      }</i>`
    )
  }</span>
    <span class="said" aria-hidden="true"><i style=${{ height: `${(100 * lines) / mostSaid}%` }}></i></span>
    <span class="label" aria-hidden="true">${label}</span>
    <span class="unseen">${told}</span>
  </a>`
}

export const Chart = () => {
  const { spanHours, spans } = runs[0].summary.activity
  const mostReplies = Math.max(...runs.flatMap(({ summary }) => summary.activity.spans.map(({ replies }) => replies)))
  const mostSaid = Math.max(1, ...spans.map(({ lines }) => lines))
  const every = Math.ceil(spans.length / 12)
  const unit = spanHours === 1 ? "hour" : spanHours === 24 ? "day" : `${spanHours / 24} days`
  const labelOf = (from, index) => index % every > 0 ? "" : spanHours === 1 ? from.slice(11) : from.slice(5, 10)
  return html`<${Card} title=${`Replies by ${unit}, UTC`}>
    <${Legend} />
    <${Scroll} label="Replies by ${unit}"><div class="chart ${two ? "two" : ""}">${
    spans.map((span, index) =>
      html`<${Column}
        span=${span} lines=${span.lines} most=${Math.max(1, mostReplies)} mostSaid=${mostSaid}
        replies=${runs.map(({ summary }) => summary.activity.spans[index]?.replies ?? 0)}
        figures=${spans.length <= figuresUpTo} label=${labelOf(span.from, index)}
        words=${spanHours === 1 ? span.from : span.from.slice(0, 10)}
      />`
    )
  }</div><//>
    <p class="small">${
    mostReplies === 0 ? "No reply at all" : `The tallest bar is ${count(mostReplies, "reply", "replies")}`
  }; under it, upside down, what people said, at most ${count(mostSaid, "line")}.</p>
  <//>`
}
