// When the bot speaks: a card for each trigger.
import { html, useContext, useEffect, useState } from "/vendor/htm-preact.js"
import { ChanceField, Known, NumberField, SwitchField, Told, WordsField } from "./fields.js"
import { change } from "./settingsModel.js"

/** What the page says of each type, with what it begins when it is added, and with its own controls. */
const types = {
  mention: { title: "When named", short: "named" },
  pm: { title: "In private", short: "private" },
  keyword: {
    title: "On a word",
    short: "words",
    promise: "Speak when one of your words is said",
    added: { type: "keyword", keywords: ["popcorn"], fire_probability: 0.5, cooldown_seconds: 30 },
    words: (at) => html`<${WordsField} label="Words" path=${[...at, "keywords"]} />`
  },
  contextual: {
    title: "Unasked",
    short: "unasked",
    promise: "Look at the room now and then, and speak if it fits",
    added: {
      type: "contextual",
      fire_probability: 0.5,
      cooldown_seconds: 60,
      evaluation_interval_seconds: 30,
      min_messages_since_last_bot_message: 3
    },
    chance: "Tries",
    noUser: true,
    figures: (at) =>
      html`
      <${NumberField} label="Looks every" unit="s" step=${10} path=${[...at, "evaluation_interval_seconds"]} />
      <${NumberField} label="After at least" unit="lines" path=${[...at, "min_messages_since_last_bot_message"]} />`
  }
}

const percent = (share) => `${Math.round(share * 100)} %`

export const triggersSummary = (triggers) =>
  triggers.filter(({ enabled }) => enabled)
    .map(({ fire_probability, type }) => `${types[type].short} ${percent(fire_probability)}`)
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
    !types[type].noUser && html`
    <${NumberField} label="A viewer, a minute" path=${[...at, "rate_limit", "max_per_user_per_minute"]} />
    <${NumberField} label="A viewer, an hour" path=${[...at, "rate_limit", "max_per_user_per_hour"]} />`
  }
  <${NumberField} label="The room, a minute" path=${[...at, "rate_limit", "max_per_channel_per_minute"]} />
  <${NumberField} label="The room, an hour" path=${[...at, "rate_limit", "max_per_hour"]} />`

const Card = ({ entry: { enabled, type }, index, wanted }) => {
  const at = ["triggers", index]
  const opensLimits = wanted?.startsWith(`triggers.${index}.rate_limit`)
  return html`<section class="card ${enabled ? "" : "off"}" aria-label=${types[type].title}>
    <header>
      <h3>${types[type].title}</h3><code>${type}</code>
      <${SwitchField} label=${`${types[type].title}: on`} bare path=${[...at, "enabled"]} />
    </header>
    <${Told} path=${[...at, "type"]} />
    ${types[type].words?.(at)}
    <div class="fields">
      <${ChanceField} label=${types[type].chance ?? "Answers"} path=${[...at, "fire_probability"]} />
      <${NumberField} label="Rest after a reply" unit="s" step=${5} empty="none" path=${[...at, "cooldown_seconds"]} />
      ${types[type].figures?.(at)}
    </div>
    <${OwnLimits} at=${at} type=${type} wanted=${opensLimits === true} />
  </section>`
}

export const Triggers = ({ settings: { values } }) => {
  const { knob } = useContext(Known)
  const add = (type) => change(["triggers", values.triggers.length], types[type].added, { at: 0 })
  const missing = Object.keys(types).filter((type) =>
    types[type].added !== undefined && !values.triggers.some((entry) => entry.type === type)
  )
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
      <b>+ ${types[type].title}</b><span>${types[type].promise}</span>
    </button>`
    )
  }
  </div>`
}
