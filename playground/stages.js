// The way of a line through the bot, gate by gate, up to the one that decided.
import { html } from "/vendor/htm-preact.js"
import { Bar, Dice, limitFigures, LimitMeter } from "./meters.js"
import { sentence } from "./words.js"

const stages = [
  { name: "Heard", tags: ["Media", "Context", "Silence"] },
  { name: "Trigger", tags: ["Trigger"] },
  { name: "Limits", tags: ["Limit", "Admitted"] },
  { name: "Does it fit?", tags: ["Participation"], only: "contextual" },
  { name: "Model", tags: ["Prompt", "LlmAttempt", "LlmAnswer", "Fallback"] },
  { name: "Wording", tags: ["Processed"] },
  { name: "Sending", tags: ["Waited", "Sent"] }
]

/** How a step stands: it let the line pass, it stopped it, or it had nothing to say. */
const toneOf = (step) => {
  switch (step._tag) {
    case "Silence":
      return "stop"
    case "Trigger":
      return { Fired: "ok", Cooldown: "stop", Probability: "stop" }[step.result._tag] ?? "idle"
    case "Limit":
      return step.allowed ? "ok" : "stop"
    case "Participation":
      return step.wanted ? "ok" : "stop"
    case "LlmAttempt":
      return step.status === "success" ? "ok" : "bad"
    case "Fallback":
      return "bad"
    case "Processed":
      return step.note === "" ? "ok" : "stop"
    default:
      return "ok"
  }
}

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

const Gate = ({ text, tone }) =>
  html`<span class="unseen">${{ ok: "passed: ", stop: "stopped: ", bad: "failed: ", idle: "" }[tone]}</span>${
    sentence(text)
  }`

/** A limit in one row: its name, its meter, its figures. The server's sentence is "name: figures: verdict". */
const LimitRow = ({ step, text }) =>
  html`<li class="limit ${toneOf(step)}">
  <span><${Gate} text=${text.split(": ")[0]} tone=${toneOf(step)} /></span>
  <${LimitMeter} step=${step} />
  <b>${limitFigures(step)}</b>
</li>`

const Row = ({ step, text }) =>
  step._tag === "Limit" ? html`<${LimitRow} step=${step} text=${text} />` : html`<li
  class="step ${toneOf(step)}"
><span dir="auto"><${Gate} text=${text} tone=${toneOf(step)} /></span><${Meter} step=${step} /></li>`

/** Whether the way ended in this stage, and how. */
const stageTone = (isLast, outcome) => {
  if (!isLast) return "ok"
  if (outcome === undefined) return "waiting"
  return { Replied: "ok", Failed: "bad" }[outcome._tag] ?? (outcome.reason === "media_event" ? "ok" : "stop")
}

export const Stages = ({ record }) => {
  const { eventType, outcome, steps, story } = record
  const told = steps.map((step, index) => ({ step, text: story.steps[index] ?? "" }))
  const ways = stages.filter(({ only }) => only === undefined || only === eventType)
    .map(({ name, tags }) => ({ name, rows: told.filter(({ step }) => tags.includes(step._tag)) }))
  const last = ways.findLastIndex(({ rows }) => rows.length > 0)
  const beyond = ways.slice(last + 1).map(({ name }) => name.toLowerCase().replace("?", ""))
  const isOver = outcome !== undefined && outcome._tag !== "Replied" && outcome.reason !== "media_event"
  return html`<section class="way" aria-labelledby="way-title">
    <h3 id="way-title">The way to it</h3>
    <ol>
      ${
    ways.map(({ name, rows }, index) =>
      rows.length > 0 && html`<li
        class="stage ${stageTone(index === last, outcome)}" key=${name}
      >
        <h4><i class="node"></i>${name}</h4>
        <ul>${rows.map(({ step, text }) => html`<${Row} step=${step} text=${text} />`)}</ul>
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
