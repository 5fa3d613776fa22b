// Why the bot spoke or kept silent on the chosen line: first the answer, then the way to it.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js"
import { say } from "./composer.js"
import { knobOf, openKnob } from "./knobs.js"
import { Figure } from "./meters.js"
import { Stages } from "./stages.js"
import { choose, chooseNewest, lineOf, notify, update } from "./store.js"
import { Answer, Processing, Prompt } from "./texts.js"
import { jump, useRoomNow } from "./tools.js"
import { Timing } from "./timing.js"
import { sentence, span, timeOf, verdictOf } from "./words.js"

/** What the person may want to do about it. */
const Actions = ({ knob, line, record }) => {
  const now = useRoomNow()
  const { opensAfterMs = 0 } = record.story
  const left = Math.min(opensAfterMs, record.arrivedAt + opensAfterMs - now)
  const again = () =>
    say({ username: line.username, message: line.text, private: line.kind === "pm", action: line.kind === "action" })
      .catch(({ message }) => notify(message))
  const skip = ({ currentTarget }) => {
    // The button goes away: what comes next keeps the focus.
    currentTarget.nextElementSibling?.focus()
    void jump(Math.ceil(left / 1000))
  }
  return html`<div class="actions">
    ${left > 0 && html`<button type="button" onClick=${skip}>Skip ahead ${span(left)}</button>`}
    ${line && record.outcome && html`<button type="button" onClick=${again}>Say it again</button>`}
    ${knob && html`<button type="button" class="link" onClick=${() => openKnob(knob)}>Change ${knob.label}</button>`}
  </div>`
}

const Answered = ({ bot, content, delivery }) =>
  html`
  ${
    content?.reply && html`<blockquote class="reply" dir="auto">
    <b class="name hue-bot">${bot}</b> ${content.reply}
  </blockquote>`
  }
  ${delivery && html`<p class="small">${sentence(delivery)}</p>`}
`

const Asked = ({ text }) => html`<blockquote class="asked" dir="auto">${text}</blockquote>`

const Head = ({ bot, line, record, values }) => {
  const verdict = verdictOf(record)
  const { delivery, detail, head, headline } = record.story
  const step = record.steps[record.decidingStep]
  const knob = knobOf(record, values)
  return html`
    <p class="eyebrow">${sentence(head)} · ${timeOf(record.arrivedAt)}</p>
    ${record.eventType !== "contextual" && html`<${Asked} text=${line?.text ?? record.content?.line} />`}
    <section class="outcome ${verdict.tone}" aria-label="Outcome">
      ${verdict.title && html`<p class="tone"><i class="mark ${verdict.tone}"></i>${verdict.title}</p>`}
      <h2>${!verdict.title && html`<i class="mark ${verdict.tone}"></i>`}${sentence(headline)}</h2>
      ${step && html`<${Figure} step=${step} />`}
      ${detail && html`<p class="small">${sentence(detail)}</p>`}
      <${Answered} bot=${bot} content=${record.content} delivery=${delivery} />
      <${Actions} key=${record.correlationId} knob=${knob} line=${line} record=${record} />
    </section>
  `
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

const Story = ({ record, state }) =>
  html`
  <${Head}
    bot=${state.room?.bot} line=${lineOf(state, record.correlationId)} record=${record} values=${state.settings?.values}
  />
  <${Stages} record=${record} />
  <${Prompt} content=${record.content} />
  <${Answer} content=${record.content} outcome=${record.outcome} />
  <${Processing} record=${record} />
  <${Timing} record=${record} />
  <${Identity} key=${record.correlationId} record=${record} />
`

const Nothing = ({ decisions }) =>
  html`<div class="empty">
  <h2>Why did it say that? Why did it say nothing?</h2>
  <p>Every line in the room has an answer. Choose a line, or say something: here you see each gate it went through, with
  its value against its limit, up to the one that decided.</p>
  <ul class="legend">
    <li><i class="mark replied"></i>the bot replied</li>
    <li><i class="mark silent"></i>it kept silent</li>
    <li><i class="mark failed"></i>something failed</li>
    <li><i class="mark waiting"></i>still deciding</li>
  </ul>
  ${decisions.size > 0 && html`<button type="button" onClick=${chooseNewest}>Show the newest decision</button>`}
</div>`

const Missing = ({ line }) =>
  html`<div class="empty">
  ${line && html`<${Asked} text=${line.text} />`}
  <p>${line ? "There is no decision on this line, or none yet." : "This decision is no longer kept."}</p>
</div>`

export const Decision = ({ state }) => {
  const { decisions, selected } = state
  const record = decisions.get(selected)
  const story = useRef()
  useEffect(() => {
    story.current.scrollTop = 0
  }, [selected])
  return html`<aside class="decision" id="decision" tabindex="-1" aria-labelledby="decision-title">
    <div class="bar">
      <button type="button" class="back small" onClick=${() => update({ tab: "room" })}>← Room</button>
      <h2 id="decision-title">Why</h2>
      ${
    selected && html`<button
        type="button" class="small" aria-label="Close the decision" onClick=${() => choose(undefined)}
      >×</button>`
  }
    </div>
    <div class="story" ref=${story} tabindex="0" role="region" aria-label="The decision">
      ${
    record
      ? html`<${Story} record=${record} state=${state} />`
      : selected === undefined
      ? html`<${Nothing} decisions=${decisions} />`
      : html`<${Missing} line=${lineOf(state, selected)} />`
  }
    </div>
  </aside>`
}
