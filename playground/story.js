// What was decided on an event: first the answer, then the way to it. The playground and the replay draw it so.
import { html, useState } from "/vendor/htm-preact.js"
import { Figure } from "./meters.js"
import { Stages } from "./stages.js"
import { Answer, Processing, Prompt } from "./texts.js"
import { Timing } from "./timing.js"
import { sentence, verdictOf } from "./words.js"

const Answered = ({ bot, content, delivery }) =>
  html`
  ${
    content?.reply && html`<blockquote class="reply" dir="auto">
    <b class="name hue-bot">${bot}</b> ${content.reply}
  </blockquote>`
  }
  ${delivery && html`<p class="small">${sentence(delivery)}</p>`}
`

export const Asked = ({ text }) => html`<blockquote class="asked" dir="auto">${text}</blockquote>`

/** The event, and when it came. */
export const Asking = ({ record, text, time }) =>
  html`
  <p class="eyebrow" dir="auto">${sentence(record.story.head)} · ${time}</p>
  ${record.eventType !== "contextual" && html`<${Asked} text=${text} />`}
`

/** The outcome, and under it what the person may do about it. */
const Outcome = ({ bot, children, record }) => {
  const verdict = verdictOf(record)
  const { delivery, detail, headline } = record.story
  const step = record.steps[record.decidingStep]
  return html`<section class="outcome ${verdict.tone}" aria-label="Outcome">
    ${verdict.title && html`<p class="tone"><i class="mark ${verdict.tone}"></i>${verdict.title}</p>`}
    <h2>${!verdict.title && html`<i class="mark ${verdict.tone}"></i>`}${sentence(headline)}</h2>
    ${step && html`<${Figure} step=${step} />`}
    ${detail && html`<p class="small">${sentence(detail)}</p>`}
    <${Answered} bot=${bot} content=${record.content} delivery=${delivery} />
    ${children}
  </section>`
}

const Identity = ({ record }) => {
  const [copied, setCopied] = useState(false)
  const copy = () => navigator.clipboard.writeText(record.correlationId).then(() => setCopied(true), () => {})
  return html`<p class="identity small">
    Decision <code>${record.correlationId}</code>
    <button type="button" class="link" onClick=${copy}>${copied ? "Copied" : "Copy"}</button>
    ${record.rank !== undefined && html`<span>rank ${record.rank}</span>`}
  </p>`
}

export const Story = ({ bot, children, record }) =>
  html`
  <${Outcome} bot=${bot} record=${record}>${children}<//>
  <${Stages} record=${record} />
  <${Prompt} content=${record.content} />
  <${Answer} content=${record.content} outcome=${record.outcome} />
  <${Processing} record=${record} />
  <${Timing} record=${record} />
  ${record.correlationId && html`<${Identity} key=${record.correlationId} record=${record} />`}
`
