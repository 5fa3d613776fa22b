// Where the time went, and the tokens.
import { html } from "/vendor/htm-preact.js"
import { Part } from "./texts.js"
import { seconds } from "./words.js"

/** The spans of a record in order: { name, kind, from, to }, ms after the arrival. */
const spansOf = ({ delivery, steps, story }) => {
  const spans = []
  let at = 0
  const add = (name, kind, from, to) => spans.push({ name, kind, from: Math.max(0, from), to: Math.max(from, to) })
  for (const [index, step] of steps.entries()) {
    switch (step._tag) {
      case "Admitted":
        add("deciding", "own", 0, step.at)
        break
      case "Prompt":
        add("building the prompt", "own", at, step.at)
        break
      case "LlmAttempt": {
        const from = step.at - step.durationMs
        const first = step.firstTextMs === undefined ? step.at : from + step.firstTextMs
        add(step.attempt > 1 ? `model, attempt ${step.attempt}` : "model, to the first word", "wait", from, first)
        if (first < step.at) add("model, writing", "writing", first, step.at)
        break
      }
      case "Waited":
        add(`waiting for ${story.steps[index].name}`, "wait", step.at - step.ms, step.at)
        break
      case "Sent":
        add("wording and sending", "own", at, step.at)
        break
    }
    at = step.at
  }
  if (spans.length === 0 && at > 0) add("deciding", "own", 0, at)
  if (delivery?._tag === "Delivered") add("until seen in the room", "wait", at, at + delivery.afterMs)
  return spans
}

const percent = (share) => `${share * 100}%`

const Tokens = ({ steps }) => {
  const answers = steps.filter(({ _tag }) => _tag === "LlmAnswer")
  return answers.map(({ estimated, finishReason, inputTokens, model, outputTokens }) =>
    html`<dl class="tokens">
    <div><dt>Model</dt><dd>${model}</dd></div>
    <div><dt>Tokens asked</dt><dd>${inputTokens}</dd></div>
    <div><dt>Tokens answered</dt><dd>${outputTokens}${estimated ? " (estimated)" : ""}</dd></div>
    <div><dt>Ended by</dt><dd>${finishReason}</dd></div>
  </dl>`
  )
}

export const Timing = ({ record }) => {
  const spans = spansOf(record)
  const total = Math.max(...spans.map(({ to }) => to), 0)
  if (total <= 0) return undefined
  return html`<${Part} name="timing" title="Where the time went" note=${seconds(total)}>
    <ol class="waterfall">
      ${
    spans.map(({ from, kind, name, to }) =>
      html`<li class=${kind}>
        <span>${name}</span>
        <i
          aria-hidden="true" style=${{ "--from": percent(from / total), "--wide": percent((to - from) / total) }}
        ><b></b></i>
        <em>${seconds(to - from)}</em>
      </li>`
    )
  }
    </ol>
    <${Tokens} steps=${record.steps} />
  <//>`
}
