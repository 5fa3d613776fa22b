// One control a setting. What is typed goes to the server as it is: only its linter says what is right.
import { createContext, html, useContext, useEffect, useRef } from "/vendor/htm-preact.js"
import { change, discard, dotted, keyOf, problemsAt, valueAt } from "./settingsModel.js"
import { update } from "./store.js"

/** The settings, the drafts and the field to go to, for every control. */
export const Known = createContext()

const idOf = (path) => `set-${path.join("-")}`

/** What a control needs to know of its setting. */
const useSetting = (path) => {
  const { drafts, knob, settings } = useContext(Known)
  const draft = drafts.get(keyOf(path))
  const control = useRef()
  const wanted = knob === keyOf(path)
  useEffect(() => {
    if (!wanted || control.current === undefined) return
    control.current.focus()
    control.current.scrollIntoView({ block: "center" })
    update({ knob: undefined })
  }, [wanted])
  const problems = problemsAt(settings, draft, path)
  const value = valueAt(settings.values, path)
  return {
    control,
    draft,
    problems,
    value,
    shown: draft === undefined ? value : draft.shown,
    refused: draft?.problems !== undefined,
    attributes: {
      id: idOf(path),
      "aria-invalid": problems.some(({ severity }) => severity === "error") ? "true" : undefined,
      "aria-describedby": problems.length > 0 ? `${idOf(path)}-problem` : undefined
    }
  }
}

/** A longer value than this is not repeated. */
const shortest = 60

const inForce = (value) => {
  if (value === null || value === undefined) return ": still no limit"
  const text = Array.isArray(value) ? value.join(", ") || "none" : String(value)
  return text.length > shortest ? "" : `: still ${text}`
}

const Problem = ({ message, severity, suggestion }) =>
  html`<p class=${severity}>
  ${message}${suggestion && ` (did you mean ${suggestion}?)`}
</p>`

const Problems = ({ path, setting: { problems, refused, value } }) =>
  html`<div
  class="problems" id=${`${idOf(path)}-problem`} role="status"
>
  ${problems.map((problem) => html`<${Problem} ...${problem} />`)}
  ${
    refused && html`<p class="kept">
    Not applied${inForce(value)}. <button type="button" class="link" onClick=${() => discard(path)}>Take back</button>
  </p>`
  }
</div>`

/** What the linter says about a place that has no control of its own. */
export const Told = ({ path }) => {
  const { settings } = useContext(Known)
  return settings.problems.filter((problem) => problem.path === dotted(path))
    .map((problem) => html`<div class="problems"><${Problem} ...${problem} /></div>`)
}

/** A key that takes back what was typed and not applied, before it means anything else. */
const takeBackWith = (name, path, { draft }) => (event) => {
  if (event.key !== name || draft === undefined) return
  event.stopPropagation()
  discard(path)
}

const Frame = ({ children, hint, kind = "", label, path, setting }) =>
  html`<div
  class="field ${kind} ${setting.refused ? "refused" : ""}" onKeyDown=${takeBackWith("Escape", path, setting)}
>
  <label for=${idOf(path)}>${label}</label>
  ${children}
  ${hint && html`<p class="hint">${hint}</p>`}
  <${Problems} path=${path} setting=${setting} />
</div>`

const numberOf = (text) => text.trim() === "" ? null : Number.isNaN(Number(text)) ? text : Number(text)

/** A number; left empty, a maximum is no limit. Up and down step it. */
export const NumberField = ({ empty = "no limit", hint, label, path, step = 1, unit }) => {
  const setting = useSetting(path)
  const text = setting.shown === null || setting.shown === undefined ? "" : String(setting.shown)
  const set = (shown) => change(path, numberOf(shown), { shown })
  const by = (amount) => set(String(Math.max(0, Math.round(((Number(text) || 0) + amount) * 100) / 100)))
  const onKeyDown = (event) => {
    const amount = { ArrowUp: step, ArrowDown: -step }[event.key]
    if (amount !== undefined) {
      event.preventDefault()
      by(amount)
    }
  }
  return html`<${Frame} kind="number" label=${label} hint=${hint} path=${path} setting=${setting}>
    <div class="stepper">
      <button type="button" tabindex="-1" aria-label=${`Less: ${label}`} onClick=${() => by(-step)}>−</button>
      <input ref=${setting.control} ...${setting.attributes} inputmode="decimal" placeholder=${empty} value=${text}
        onInput=${({ target }) => set(target.value)} onKeyDown=${onKeyDown} />
      <button type="button" tabindex="-1" aria-label=${`More: ${label}`} onClick=${() => by(step)}>+</button>
      ${unit && html`<span>${unit}</span>`}
    </div>
  <//>`
}

/** A chance from never to always. */
export const ChanceField = ({ label, path }) => {
  const setting = useSetting(path)
  const percent = Math.round(Number(setting.shown) * 100)
  return html`<${Frame} kind="chance" label=${label} path=${path} setting=${setting}>
    <div class="slider">
      <input type="range" min="0" max="100" step="5" ref=${setting.control} ...${setting.attributes} value=${percent}
        aria-valuetext=${`${percent} %`} style=${{ "--part": `${percent}%` }}
        onInput=${({ target }) => change(path, Number(target.value) / 100)} />
      <output for=${idOf(path)}>${percent} %</output>
    </div>
  <//>`
}

export const SwitchField = ({ bare = false, label, path }) => {
  const setting = useSetting(path)
  return html`<div class="field switch-field">
    <label class="switch">
      <input type="checkbox" role="switch" ref=${setting.control} ...${setting.attributes}
        checked=${setting.shown === true} onChange=${({ target }) => change(path, target.checked, { at: 0 })} />
      <i></i><span class=${bare ? "unseen" : ""}>${label}</span>
    </label>
    <${Problems} path=${path} setting=${setting} />
  </div>`
}

export const ChoiceField = ({ choices, label, path }) => {
  const setting = useSetting(path)
  return html`<${Frame} label=${label} path=${path} setting=${setting}>
    <select ref=${setting.control} ...${setting.attributes} value=${setting.shown}
      onChange=${({ target }) => change(path, target.value, { at: 0 })}>
      ${Object.entries(choices).map(([value, name]) => html`<option value=${value}>${name}</option>`)}
    </select>
  <//>`
}

/** Words with commas between them. */
export const WordsField = ({ hint, label, path, placeholder }) => {
  const setting = useSetting(path)
  const text = Array.isArray(setting.shown) ? setting.shown.join(", ") : setting.shown ?? ""
  const words = (shown) => shown.split(",").map((word) => word.trim()).filter((word) => word !== "")
  return html`<${Frame} label=${label} hint=${hint} path=${path} setting=${setting}>
    <input ref=${setting.control} ...${setting.attributes} dir="auto" placeholder=${placeholder} value=${text}
      onInput=${({ target }) => change(path, words(target.value), { shown: target.value })} />
  <//>`
}

export const TextField = ({ hint, label, path, rows = 4 }) => {
  const setting = useSetting(path)
  return html`<${Frame} kind="long" label=${label} hint=${hint} path=${path} setting=${setting}>
    <textarea ref=${setting.control} ...${setting.attributes} rows=${rows} dir="auto" spellcheck="false"
      value=${setting.shown ?? ""} onInput=${({ target }) => change(path, target.value)}></textarea>
  <//>`
}
