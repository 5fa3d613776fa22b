// The texts of a decision: what was asked, what came back, and what was made of it.
import { html, useState } from "/vendor/htm-preact.js"
import { diff } from "./diff.js"
import { count } from "./words.js"

/** Which parts the person has opened; they stay so from decision to decision. */
const opened = new Set(["wording"])

export const Part = ({ children, name, note, title }) => {
  const [open, setOpen] = useState(opened.has(name))
  const onToggle = ({ target }) => {
    setOpen(target.open)
    if (target.open) opened.add(name)
    else opened.delete(name)
  }
  return html`<details class="part" open=${open} onToggle=${onToggle}>
    <summary><h3>${title}</h3><span>${note}</span></summary>
    ${open && html`<div class="inside">${children}</div>`}
  </details>`
}

const roles = { system: "Instructions to the model", user: "What it is asked" }

export const Prompt = ({ content }) => {
  if (!content?.prompt) return undefined
  const length = content.prompt.reduce((sum, { content: text }) => sum + text.length, 0)
  return html`<${Part} name="prompt" title="What the model was asked" note=${`${length} characters`}>
    ${
    content.prompt.map(({ content: text, role }) =>
      html`<section class="message ${role}">
      <h4>${roles[role] ?? role} <code>${role}</code></h4>
      <p class="mono" dir="auto">${text}</p>
    </section>`
    )
  }
  <//>`
}

export const Answer = ({ content, outcome }) =>
  content?.answer === undefined ? undefined : html`<${Part}
  name="answer" title="What it answered"
  note=${outcome === undefined ? "writing…" : `${content.answer.length} characters`}
><p class="mono" dir="auto">${content.answer}${outcome === undefined && html`<i class="caret"></i>`}</p><//>`

const steps = {
  clean: "Cleaned",
  plain_text: "Made plain text",
  block: "Checked for blocked words",
  length: "Fitted to the length",
  checks: "Checked for quality",
  command_safe: "Kept from being a command"
}

/** Line breaks that go or come are seen. */
const visible = (text) => text.replaceAll("\n", "↵")

const Piece = ({ kind, text }) =>
  kind === "gone" ? html`<del>${visible(text)}</del>` : html`<ins>${visible(text)}</ins>`

const Diff = ({ after, before }) =>
  html`<p class="diff" dir="auto">${
    diff(before, after).map((piece) => piece.kind === "same" ? piece.text : html`<${Piece} ...${piece} />`)
  }</p>`

/** Each step with the text before and after it, and why it dropped the answer if it did. A text left out is unchanged. */
const changesOf = ({ content: { answer, processing }, steps: record, story }) => {
  let before = answer
  return record.flatMap(({ _tag, step }, index) => {
    if (_tag !== "Processed") return []
    const after = processing.find((text) => text.step === step)?.text ?? before
    const change = { step, before, after, dropped: story.steps[index].dropped }
    before = after
    return [change]
  })
}

export const Processing = ({ record }) => {
  if (record.content?.answer === undefined || !record.content.processing) return undefined
  const changes = changesOf(record)
  const telling = changes.filter(({ after, before, dropped }) => dropped !== undefined || before !== after)
  const quiet = changes.filter((change) => !telling.includes(change))
  return html`<${Part} name="wording" title="How the answer became the line"
    note=${telling.length === 0 ? "nothing to change" : count(telling.length, "change")}>
    ${
    telling.length > 0 && html`<ol class="wording">
      ${
      telling.map(({ after, before, dropped, step }) =>
        html`<li key=${step} class=${dropped === undefined ? "" : "stop"}>
        <h4>${steps[step] ?? step}</h4>
        ${
          dropped === undefined
            ? html`<${Diff} before=${before} after=${after} />`
            : html`<p class="dropped">Dropped: ${dropped}</p>`
        }
      </li>`
      )
    }
    </ol>`
  }
    ${
    quiet.length > 0 && html`<p class="small">Nothing to change: ${
      quiet.map(({ step }) => (steps[step] ?? step).toLowerCase()).join(", ")
    }.</p>`
  }
  <//>`
}
