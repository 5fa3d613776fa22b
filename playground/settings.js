// The settings that matter, at a glance and as live controls.
import { html, useEffect, useRef, useState } from "/vendor/htm-preact.js"
import { ChoiceField, Known, NumberField, SwitchField, TextField, WordsField } from "./fields.js"
import { reset } from "./settingsModel.js"
import { update } from "./store.js"
import { Triggers, triggersSummary } from "./triggers.js"
import { count } from "./words.js"

const limit = (name) => ["rate_limits", name]
const reply = (...path) => ["response_processing", ...path]
const filter = (name) => reply("content_filter", name)
const perMinute = (value) => value === null ? "no limit" : `${value} a minute`

const Limits = () =>
  html`
  <div class="group"><h3>One viewer, in all rooms</h3><div class="fields">
    <${NumberField} label="Replies a minute" path=${limit("max_per_user_per_minute")} />
    <${NumberField} label="Replies an hour" path=${limit("max_per_user_per_hour")} />
  </div></div>
  <div class="group"><h3>The room</h3><div class="fields">
    <${NumberField} label="Lines a minute" path=${limit("max_per_channel_per_minute")} />
    <${NumberField} label="Lines an hour" path=${limit("max_per_channel_per_hour")} />
    <${NumberField} label="Of what is left, for one viewer" step=${0.1} path=${limit("max_user_share")} />
    <${NumberField} label="Of the hour, in private" step=${0.1} path=${limit("max_private_share")} />
  </div></div>
  <p class="note">Empty is no limit, 0 allows none. Each trigger may have limits of its own.</p>`

const Silences = () =>
  html`
  <div class="group"><h3>Pauses</h3><div class="fields">
    <${NumberField} label="Between two of its lines" unit="s" path=${limit("global_cooldown_seconds")} />
    <${NumberField} label="After a new film begins" unit="s" step=${5} path=${limit("media_change_cooldown_seconds")} />
  </div></div>
  <div class="group"><h3>Too late</h3><div class="fields">
    <${NumberField} label="Drop a reply after" unit="s" step=${5} path=${reply("reply_deadline_seconds")} />
    <${ChoiceField} label="When the film changes meanwhile, drop" path=${reply("drop_after_media_change")}
      choices=${{ unprompted: "what nobody asked for", always: "every reply", never: "nothing" }} />
  </div></div>`

const Reply = () =>
  html`
  <div class="group"><h3>Length</h3><div class="fields">
    <${NumberField} label="Longest line" unit="characters" step=${10} path=${reply("max_response_length")} />
    <${NumberField} label="Lines of an answer" unit="at most" path=${reply("max_lines")} />
    <${ChoiceField} label="A longer answer" path=${reply("truncation_strategy")}
      choices=${{ sentence: "ends at a whole sentence", hard: "is cut at the limit" }} />
    <${NumberField} label="At least" unit="words" path=${filter("min_word_count")} />
    <${NumberField} label="At most" unit="words" path=${filter("max_word_count")} />
  </div></div>
  <div class="group"><h3>Filter</h3><div class="fields">
    <${WordsField} label="Never say" hint="words, with commas between" placeholder="none"
      path=${filter("block_keywords")} />
    <${WordsField} label="Say one of" hint="else the answer is dropped" placeholder="anything"
      path=${filter("require_keywords")} />
  </div></div>
  <div class="group"><h3>Care</h3><div class="fields stacked">
    <${SwitchField} label="No repeats, echoes or empty phrases" path=${reply("quality_checks_enabled")} />
    <${SwitchField} label="Markdown becomes plain text" path=${reply("strip_markdown")} />
    <${SwitchField} label="Filter answers" path=${filter("enabled")} />
  </div></div>`

const Voice = () =>
  html`
  <div class="group wide"><h3>Who the bot is</h3>
    <${TextField} label="System prompt" rows=${5} path=${["llm_api", "system_prompt"]}
      hint="{bot_name} and {channel} are filled in" />
  </div>
  <div class="group wide"><h3>What it is asked</h3>
    <${TextField} label="Template of the question" rows=${5} path=${["llm_api", "user_prompt_template"]}
      hint="{context_window}, {trigger_message}, {username}, {media_title} are filled in" />
  </div>
  <div class="group"><h3>Its names</h3><div class="fields">
    <${WordsField} label="Also answers to" hint="other names, with commas between" placeholder="only its name"
      path=${["bot", "aliases"]} />
    <${WordsField} label="Commands for other bots begin with" hint="signs, with commas between" placeholder="only /"
      path=${["bot", "command_prefixes"]} />
  </div></div>`

/** Which lines of the file were not there at the start; spaces do not count, as a changed file is written anew. */
const markedLines = (yaml, starting) => {
  const bare = (line) => line.replace(/\s+/g, "")
  const before = new Set(starting?.split("\n").map(bare))
  return yaml.trimEnd().split("\n").map((line) => ({ line, isNew: starting !== undefined && !before.has(bare(line)) }))
}

const File = ({ settings, startingYaml }) => {
  const [copied, setCopied] = useState("")
  const text = useRef()
  useEffect(() => {
    const first = text.current.querySelector("mark")
    if (first) text.current.scrollTop = first.offsetTop - text.current.offsetTop - 48
  }, [])
  const copy = () =>
    navigator.clipboard.writeText(settings.yaml).then(() => setCopied("Copied"), () => {
      getSelection().selectAllChildren(text.current)
      setCopied("Selected: copy it with the keyboard")
    })
  return html`<div class="group file">
    <div class="file-head">
      <p>The configuration in force. Keep it as a file and the bot behaves in your room as it does here.</p>
      <span role="status">${copied}</span>
      <button type="button" onClick=${copy}>Copy</button>
      <button type="button" disabled=${!settings.changed} onClick=${reset}>Reset all</button>
    </div>
    ${
    settings.problems.map(({ line, message, path, severity }) =>
      html`<p class=${severity}>Line ${line}, ${path}: ${message}</p>`
    )
  }
    <pre tabindex="0" aria-label="Configuration file" ref=${text}>${
    markedLines(settings.yaml, startingYaml).map(({ isNew, line }) =>
      isNew ? html`<mark>${line}</mark>${"\n"}` : `${line}\n`
    )
  }</pre>
  </div>`
}

/** The sections: what each says of itself while it is closed, and its controls. */
const sections = {
  triggers: { title: "Triggers", summary: ({ triggers }) => triggersSummary(triggers), Body: Triggers },
  limits: {
    title: "Limits",
    summary: ({ rate_limits: limits }) =>
      `viewer ${perMinute(limits.max_per_user_per_minute)}, room ${perMinute(limits.max_per_channel_per_minute)}`,
    Body: Limits
  },
  silences: {
    title: "Silences",
    summary: ({ rate_limits: limits }) =>
      `${limits.global_cooldown_seconds} s between lines, ${limits.media_change_cooldown_seconds} s after a film`,
    Body: Silences
  },
  reply: {
    title: "Wording",
    summary: ({ response_processing: reply }) => `up to ${reply.max_response_length} characters`,
    Body: Reply
  },
  voice: { title: "Voice", summary: ({ system_prompt }) => system_prompt, Body: Voice },
  file: { title: "File", summary: () => "", Body: File }
}

const fileSummary = ({ changed, problems }) =>
  problems.length > 0 ? count(problems.length, "warning") : changed ? "changed here" : "as it began"

const Section = ({ name, open, settings, startingYaml }) => {
  const { Body, summary, title } = sections[name]
  const toggle = () => update({ section: open ? undefined : name })
  const onKeyDown = ({ key }) => {
    if (key !== "Escape") return
    toggle()
    document.getElementById(`section-${name}`).focus()
  }
  return html`<div class="section ${open ? "open" : ""} ${name}">
    <button
      type="button" id=${`section-${name}`} aria-expanded=${open ? "true" : "false"} aria-controls=${`panel-${name}`}
      onClick=${toggle}
    >
      <span class="title">${title}${name === "file" && settings.changed && html`<i class="dot"></i>`}</span>
      <span class="summary" dir="auto">${name === "file" ? fileSummary(settings) : summary(settings.values)}</span>
    </button>
    <div
      class="panel" id=${`panel-${name}`} hidden=${!open} role="group" aria-labelledby=${`section-${name}`}
      onKeyDown=${onKeyDown}
    >
      ${open && html`<${Body} settings=${settings} startingYaml=${startingYaml} />`}
    </div>
  </div>`
}

export const Settings = ({ drafts, knob, section, settings, startingYaml }) =>
  html`<section
  class="settings" aria-label="Settings"
>
  ${
    settings && html`<${Known.Provider} value=${{ settings, drafts, knob }}>
    ${
      Object.keys(sections).map((name) =>
        html`<${Section} key=${name} name=${name} open=${section === name}
      settings=${settings} startingYaml=${startingYaml} />`
      )
    }
  <//>`
  }
</section>`
