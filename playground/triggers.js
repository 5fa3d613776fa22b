// When the bot speaks: a card for each trigger.
import { html, useContext, useEffect, useState } from "/vendor/htm-preact.js"
import { ChanceField, Known, NumberField, SwitchField, Told, WordsField } from "./fields.js"
import { change } from "./settingsModel.js"

const kinds = {
  mention: { title: "When named", short: "named" },
  pm: { title: "In private", short: "private" },
  keyword: { title: "On a word", short: "words" },
  contextual: { title: "Unasked", short: "unasked" }
}

/** What a trigger begins with when it is added. */
const added = {
  keyword: {
    promise: "Speak when one of your words is said",
    entry: { type: "keyword", keywords: ["popcorn"], fire_probability: 0.5, cooldown_seconds: 30 }
  },
  contextual: {
    promise: "Look at the room now and then, and speak if it fits",
    entry: {
      type: "contextual",
      fire_probability: 0.5,
      cooldown_seconds: 60,
      evaluation_interval_seconds: 30,
      min_messages_since_last_bot_message: 3
    }
  }
}

const percent = (share) => `${Math.round(share * 100)} %`

export const triggersSummary = (triggers) =>
  triggers.filter(({ enabled }) => enabled)
    .map(({ fire_probability, type }) => `${kinds[type].short} ${percent(fire_probability)}`)
    .join(", ") || "none: it never speaks"

const OwnLimits = ({ at, type, wanted }) => {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    if (wanted) setOpen(true)
  }, [wanted])
  return html`<details class="own" open=${open || wanted} onToggle=${({ target }) => setOpen(target.open)}>
    <summary>Limits of this trigger</summary>
    <div class="fields"><${LimitFields} at=${at} type=${type} /></div>
  </details>`
}

const LimitFields = ({ at, type }) =>
  html`
  ${
    type !== "contextual" && html`
    <${NumberField} label="A viewer, a minute" path=${[...at, "rate_limit", "max_per_user_per_minute"]} />
    <${NumberField} label="A viewer, an hour" path=${[...at, "rate_limit", "max_per_user_per_hour"]} />`
  }
  <${NumberField} label="The room, a minute" path=${[...at, "rate_limit", "max_per_channel_per_minute"]} />
  <${NumberField} label="The room, an hour" path=${[...at, "rate_limit", "max_per_hour"]} />`

const Card = ({ entry: { enabled, type }, index, wanted }) => {
  const at = ["triggers", index]
  const opensLimits = wanted?.startsWith(`triggers.${index}.rate_limit`)
  return html`<section class="card ${enabled ? "" : "off"}" aria-label=${kinds[type].title}>
    <header>
      <h3>${kinds[type].title}</h3><code>${type}</code>
      <${SwitchField} label=${`${kinds[type].title}: on`} bare path=${[...at, "enabled"]} />
    </header>
    <${Told} path=${[...at, "type"]} />
    ${type === "keyword" && html`<${WordsField} label="Words" path=${[...at, "keywords"]} />`}
    <div class="fields">
      <${ChanceField} label=${type === "contextual" ? "Tries" : "Answers"} path=${[...at, "fire_probability"]} />
      <${NumberField} label="Rest after a reply" unit="s" step=${5} empty="none" path=${[...at, "cooldown_seconds"]} />
      ${
    type === "contextual" && html`
        <${NumberField} label="Looks every" unit="s" step=${10} path=${[...at, "evaluation_interval_seconds"]} />
        <${NumberField} label="After at least" unit="lines" path=${[...at, "min_messages_since_last_bot_message"]} />`
  }
    </div>
    <${OwnLimits} at=${at} type=${type} wanted=${opensLimits === true} />
  </section>`
}

export const Triggers = ({ settings: { values } }) => {
  const { knob } = useContext(Known)
  const add = (type) => change(["triggers", values.triggers.length], added[type].entry, { at: 0 })
  const missing = Object.keys(added).filter((type) => !values.triggers.some((entry) => entry.type === type))
  return html`<${Told} path=${["triggers"]} /><div class="cards">
    ${
    values.triggers.map((entry, index) =>
      html`<${Card}
      key=${`${entry.type}${index}`} entry=${entry} index=${index} wanted=${knob}
    />`
    )
  }
    ${
    missing.map((type) =>
      html`<button type="button" class="card adder" onClick=${() => add(type)}>
      <b>+ ${kinds[type].title}</b><span>${added[type].promise}</span>
    </button>`
    )
  }
  </div>`
}
