// What the page knows, and every way it changes. The page is drawn anew, at most once a frame, after each change.

const keptLines = 300
const keptDecisions = 300

let state = {
  room: undefined,
  /** The room's lines, oldest first. */
  lines: [],
  /** Decision records by correlation id, oldest first. */
  decisions: new Map(),
  /** The correlation id of the decision that is shown. */
  selected: undefined,
  /** The correlation ids of what was said from this page. */
  mine: new Set(),
  /** Whether the connection to the playground is gone. */
  lost: false,
  /** Room time: what it was at a moment of this page. */
  clock: { now: Date.now(), at: performance.now() },
  /** What a screen reader is told. */
  news: "",
  /** What went wrong a moment ago. */
  notice: "",
  tab: "room",
  settings: undefined,
  /** The configuration before anything was changed, where this page has seen it. */
  startingYaml: undefined,
  /** Changes on their way and changes refused, by field: { text, problems, sending }. */
  drafts: new Map(),
  /** The open section of the settings, and the field to go to there. */
  section: undefined,
  knob: undefined
}

let draw = () => {}
let asked = false

const changed = () => {
  if (asked) return
  asked = true
  requestAnimationFrame(() => {
    asked = false
    draw()
  })
}

export const onChange = (then) => {
  draw = then
  changed()
}

export const current = () => state

export const update = (patch) => {
  state = { ...state, ...(typeof patch === "function" ? patch(state) : patch) }
  changed()
}

const newest = (items, count) => items.length > count ? items.slice(-count) : items

/** A set of the newest `count` things. */
const remembered = (set, item, count) => new Set(newest([...set, item], count))

const noticeForMs = 6_000
let noticeEnds

/** Shows for a moment what went wrong. */
export const notify = (notice) => {
  clearTimeout(noticeEnds)
  noticeEnds = setTimeout(() => update({ notice: "" }), noticeForMs)
  update({ notice })
}

export const roomNow = ({ clock } = state) => clock.now + performance.now() - clock.at

export const setClock = (now) => update({ clock: { now, at: performance.now() } })

/** The room is further than this page thought: somebody else has moved its clock. */
const noticeTime = (time) => {
  if (time > roomNow() + 1000) setClock(time)
}

/** What is there is told anew. */
export const connected = () => update({ lost: false, lines: [], decisions: new Map() })

export const disconnected = () => update({ lost: true })

export const addLine = (line) => {
  noticeTime(line.time)
  update(({ lines }) => ({
    lines: newest([...lines, line], keptLines),
    ...(line.bot ? { news: `${line.username}: ${line.text}` } : {})
  }))
}

const withDecision = (decisions, record) => {
  const next = new Map(decisions).set(record.correlationId, record)
  if (next.size > keptDecisions) next.delete(next.keys().next().value)
  return next
}

/** The bot's replies come back to it as events: that they trigger nothing is no news. */
const isEcho = ({ outcome }) => outcome?.reason === "echo"

/** A closed record, or one amended. */
export const addDecision = (record) => {
  if (isEcho(record)) return dropDecision(record.correlationId)
  noticeTime(record.arrivedAt)
  update(({ decisions, mine }) => ({
    decisions: withDecision(decisions, record),
    ...(mine.has(record.correlationId) && record.outcome?._tag !== "Replied" ? { news: record.story.outcome } : {})
  }))
}

/** What was shown of it while it was under way. */
const dropDecision = (id) => {
  if (!state.decisions.has(id)) return
  const decisions = new Map(state.decisions)
  decisions.delete(id)
  update({ decisions })
}

/** A record under way; one that comes after its end says nothing new. */
export const addProgress = (record) => {
  const known = state.decisions.get(record.correlationId)
  if (known?.outcome === undefined) update({ decisions: withDecision(state.decisions, record) })
}

/** Something was said from this page: the decision on it is shown. */
export const said = (id) => update(({ mine }) => ({ mine: remembered(mine, id, keptLines), selected: id }))

/** Shows the decision on a line, or none. */
export const choose = (selected) => update({ selected })

/** Shows the newest decision on a line, or on the room as a whole. */
export const chooseNewest = () =>
  choose([...state.decisions.values()].findLast(({ eventType }) => eventType !== "changeMedia")?.correlationId)

/** The line a decision is about; for a look at the room there is none. */
export const lineOf = ({ lines }, id) => lines.find((line) => !line.bot && line.correlation_id === id)
