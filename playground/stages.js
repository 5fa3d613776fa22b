// The way of a line through the bot, gate by gate, up to the one that decided.
import { html } from "/vendor/htm-preact.js"
import { Bar, Dice, LimitMeter } from "./meters.js"
import { sentence } from "./words.js"

const stages = [
  { name: "Heard", tags: ["Media", "Context", "Silence"] },
  { name: "Trigger", tags: ["Trigger"] },
  { name: "Limits", tags: ["Limit", "Admitted"] },
  { name: "Does it fit?", tags: ["Participation"], only: "contextual" },
  { name: "Model", tags: ["Prompt", "LlmAttempt", "LlmAnswer", "Fallback"] },
  { name: "Wording", tags: ["Processed"] },
  { name: "Sending", tags: ["Waited", "Sent", "Resent", "Unsaid"] }
]

/** How a step of each tone looks. */
const looks = { go: "ok", pass: "ok", stop: "stop", fail: "bad", idle: "idle" }

/** What may be seen beside a step's sentence. */
const Meter = ({ step }) => {
  if (step._tag === "Silence") return html`<${Bar} share=${step.remainingMs / step.silenceMs} tone="stop" />`
  if (step._tag !== "Trigger") return undefined
  const { result } = step
  switch (result._tag) {
    case "Cooldown":
      return html`<${Bar} share=${result.remainingMs / result.cooldownMs} tone="stop" />`
    case "Probability":
    case "Fired":
      return result.needed < 1 && html`<${Dice} draw=${result.draw} needed=${result.needed} />`
  }
}

const Gate = ({ look, text }) =>
  html`<span class="unseen">${{ ok: "passed: ", stop: "stopped: ", bad: "failed: ", idle: "" }[look]}</span>${
    sentence(text)
  }`

/** A limit in one row: its name, its meter, its figures. */
const LimitRow = ({ look, step, told }) =>
  html`<li class="limit ${look}">
  <span><${Gate} look=${look} text=${told.name} /></span>
  <${LimitMeter} step=${step} />
  <b>${told.figures}</b>
</li>`

const Row = ({ step, told }) => {
  const look = looks[told.tone]
  return step._tag === "Limit" ? html`<${LimitRow} look=${look} step=${step} told=${told} />` : html`<li
  class="step ${look}"
><span dir="auto"><${Gate} look=${look} text=${told.text} /></span><${Meter} step=${step} /></li>`
}

/** Whether the way ended in this stage, and how. */
const stageTone = (isLast, outcome) => {
  if (!isLast) return "ok"
  if (outcome === undefined) return "waiting"
  return { Replied: "ok", Failed: "bad" }[outcome._tag] ?? (outcome.reason === "media_event" ? "ok" : "stop")
}

export const Stages = ({ record }) => {
  const { eventType, outcome, steps, story } = record
  const all = steps.map((step, index) => ({ step, told: story.steps[index] }))
  const ways = stages.filter(({ only }) => only === undefined || only === eventType)
    .map(({ name, tags }) => ({ name, rows: all.filter(({ step }) => tags.includes(step._tag)) }))
  const last = ways.findLastIndex(({ rows }) => rows.length > 0)
  const beyond = ways.slice(last + 1).map(({ name }) => name.toLowerCase().replace("?", ""))
  const isOver = outcome !== undefined && outcome._tag !== "Replied" && outcome.reason !== "media_event"
  return html`<section class="way" aria-label="The way to it">
    <h3>The way to it</h3>
    <ol>
      ${
    ways.map(({ name, rows }, index) =>
      rows.length > 0 && html`<li
        class="stage ${stageTone(index === last, outcome)}" key=${name}
      >
        <h4><i class="node"></i>${name}</h4>
        <ul>${rows.map(({ step, told }) => html`<${Row} step=${step} told=${told} />`)}</ul>
      </li>`
    )
  }
      ${
    isOver && beyond.length > 0 && html`<li class="stage beyond">
        <h4><i class="node"></i>Not reached</h4><p>${beyond.join(", ")}</p>
      </li>`
  }
    </ol>
  </section>`
}
