// The settings as the server has them, and what the person is about to change.
import { get, post } from "./api.js"
import { current, notify, update } from "./store.js"

/** How long after the last keystroke a change is sent. */
const restMs = 400

const timers = new Map()

export const keyOf = (path) => path.join(".")

/** `triggers.0.fire_probability` as problems name it: `triggers[0].fire_probability`. */
export const dotted = (path) =>
  path.reduce((text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`, "")

const isAt = (problem, path) => {
  const place = dotted(path)
  return problem.path === place || problem.path.startsWith(`${place}.`) || problem.path.startsWith(`${place}[`)
}

/** The value in force; the model's texts stand at the top of `values`. */
export const valueAt = (values, path) =>
  (path[0] === "llm_api" ? path.slice(1) : path).reduce((value, key) => value?.[key], values)

/** What the linter says about a field: of a refused change if there is one, else of the settings in force. */
export const problemsAt = ({ problems }, draft, path) =>
  draft?.problems ?? problems.filter((problem) => isAt(problem, path))

const withDraft = (key, draft) => ({ drafts: new Map(current().drafts).set(key, draft) })

const withoutDraft = (key) => {
  const drafts = new Map(current().drafts)
  drafts.delete(key)
  return { drafts }
}

/** The file before anything was changed in it, as far as this page has seen it. */
const known = (settings) => settings.changed ? {} : { startingYaml: settings.yaml }

export const loadSettings = async () => {
  const settings = await get("/api/settings")
  update({ settings, ...known(settings) })
}

const send = async (key, path, value) => {
  const asked = current().drafts.get(key)
  try {
    const settings = await post("/api/settings", { set: [value === undefined ? { path } : { path, value }] })
    // What was typed meanwhile stays, and is sent in its turn.
    update({ settings, ...known(settings), ...(current().drafts.get(key) === asked ? withoutDraft(key) : {}) })
  } catch (error) {
    if (current().drafts.get(key) !== asked) return
    const errors = (error.problems ?? []).filter(({ severity }) => severity === "error")
    const here = errors.filter((problem) => isAt(problem, path))
    const problems = [here, errors, [{ severity: "error", message: error.message }]].find(({ length }) => length > 0)
    update(withDraft(key, { ...asked, problems }))
  }
}

/** Changes a field; `shown` is what its control shows until the server has taken it. */
export const change = (path, value, { shown = value, at = restMs } = {}) => {
  const key = keyOf(path)
  clearTimeout(timers.get(key))
  update(withDraft(key, { shown }))
  timers.set(
    key,
    setTimeout(() => {
      timers.delete(key)
      void send(key, path, value)
    }, at)
  )
}

/** Takes back what was typed and not taken. */
export const discard = (path) => {
  const key = keyOf(path)
  clearTimeout(timers.get(key))
  timers.delete(key)
  update(withoutDraft(key))
}

export const reset = async () => {
  for (const timer of timers.values()) clearTimeout(timer)
  timers.clear()
  try {
    const settings = await post("/api/settings", { reset: true })
    update({ settings, ...known(settings), drafts: new Map() })
  } catch (error) {
    notify(error.message)
  }
}
