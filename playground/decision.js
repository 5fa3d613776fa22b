// Why the bot spoke or kept silent on the chosen line.
import { html, useEffect, useRef } from "/vendor/htm-preact.js"
import { say } from "./composer.js"
import { knobOf, openKnob } from "./knobs.js"
import { choose, chooseNewest, lineOf, notify, update } from "./store.js"
import { Asked, Asking, Story } from "./story.js"
import { jump, useRoomNow } from "./tools.js"
import { span, timeOf } from "./words.js"

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

const Chosen = ({ record, state }) => {
  const line = lineOf(state, record.correlationId)
  const knob = knobOf(record, state.settings?.values)
  return html`
    <${Asking} record=${record} text=${line?.text ?? record.content?.line} time=${timeOf(record.arrivedAt)} />
    <${Story} bot=${state.room?.bot} record=${record}>
      <${Actions} key=${record.correlationId} knob=${knob} line=${line} record=${record} />
    <//>
  `
}

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
      ? html`<${Chosen} record=${record} state=${state} />`
      : selected === undefined
      ? html`<${Nothing} decisions=${decisions} />`
      : html`<${Missing} line=${lineOf(state, selected)} />`
  }
    </div>
  </aside>`
}
