// What the page was given: the figures of one run or two, and the rows of the timeline.
import { count } from "../words.js"

const node = document.getElementById("data")
const data = JSON.parse(node.textContent)
node.remove()

export const comparison = data.comparison
export const runs = data.runs
export const timeline = data.timeline

export const two = runs.length === 2
export const letters = ["A", "B"]

const { endings, sources, stories, texts } = timeline

const known = endings.map((ending) => {
  if (ending === 0) return undefined
  const [end, headline, detail, story, decidingStep] = ending
  return { end: texts[end], headline: texts[headline], detail: texts[detail], story, decidingStep }
})

/** What each run decided about an event; nothing where it made no such decision. */
const decided = (told) => typeof told === "number" ? known[told] : { ...known[told[0]], details: told[1] }

let clock = timeline.from
/** The events in order of time. */
export const rows = timeline.rows.map(([since, source, addressed, text, changed, ...told]) => {
  const [type, user, head] = sources[source]
  const kind = changed === 0 ? undefined : timeline.changes[changed - 1]
  return {
    at: clock += since,
    type,
    user,
    head,
    addressed: addressed === 1,
    text,
    change: kind,
    told: told.map(decided)
  }
})

const outcomeOf = (end) => {
  switch (end) {
    case "under_way":
      return undefined
    case "replied":
      return { _tag: "Replied" }
    case "failed":
      return { _tag: "Failed" }
    default:
      return { _tag: "Skipped", reason: end }
  }
}

const promptOf = (prompt) =>
  prompt?.map(([role, ...lines]) => ({ role, content: lines.map((place) => texts[place]).join("\n") }))

/** A decision as the playground has it. Where its times were not kept, all are 0. */
export const recordOf = (row, { decidingStep, detail, details = {}, end, headline, story }) => {
  const steps = stories[story].map((place) => timeline.steps[place])
  const { answer, at, delivery, id, processing, prompt, reply, seenAfterMs } = details
  return {
    correlationId: id,
    eventType: row.type,
    arrivedAt: row.at,
    decidingStep,
    steps: steps.map(([step], index) => ({ ...step, at: at?.[index] ?? 0 })),
    outcome: outcomeOf(end),
    delivery: seenAfterMs === undefined ? undefined : { _tag: "Delivered", afterMs: seenAfterMs },
    content: {
      answer,
      reply,
      prompt: promptOf(prompt),
      processing: processing?.map(([step, text]) => ({ step, text }))
    },
    story: { head: row.head, headline, detail, delivery, steps: steps.map(([, told]) => told) }
  }
}

/** The step that decided, else the outcome. */
export const whyOf = ({ decidingStep, headline, story }) =>
  timeline.steps[stories[story][decidingStep]]?.[1].text ?? headline

/** Whether a run ended a row so. */
export const some = ({ told }, test) => told.some((one) => one !== undefined && test(one.end))

const kinds = {
  lost: "A replied, B does not",
  gained: "B replies, A did not",
  other_reason: "Another reason",
  other_text: "Another text",
  only_a: "Looks at the room only by A",
  only_b: "Looks at the room only by B"
}

/** What the timeline may show: { key, words, test, rows }; those that nothing passes are left out. */
export const filters = [
  ["all", "Everything", () => true],
  ["replied", "Replies", (row) => some(row, (end) => end === "replied")],
  ["missed", "Unanswered mentions", (row) => row.addressed && some(row, (end) => end !== "replied")],
  ["addressed", "Mentions", (row) => row.addressed],
  ["failed", "Failures", (row) => some(row, (end) => end === "failed")],
  ["private", "Private messages", ({ type }) => type === "pm"],
  ["looks", "Looks at the room", ({ type }) => type === "contextual"],
  ["changed", "All that changes", ({ change }) => change !== undefined],
  ...Object.entries(kinds).map(([kind, words]) => [kind, words, ({ change }) => change === kind]),
  ...new Map(runs.flatMap(({ summary }) =>
    summary.reasons.map(({ reason, text }) => [reason, [
      `why_${reason}`,
      `No reply: ${text}`,
      (row) => some(row, (end) => end === reason)
    ]])
  )).values()
].map(([key, words, test]) => ({ key, words, found: rows.flatMap((row, index) => test(row) ? [index] : []) }))
  .filter(({ found, key }) => found.length > 0 || key === "all")

export const filterOf = (key) => filters.find((filter) => filter.key === key)

/** How often a run replied within a minute. */
export const repliesAt = (from, side) =>
  rows.filter(({ at, told }) => at >= from && at < from + 60_000 && told[side]?.end === "replied").length

const utc = (ms) => new Date(ms).toISOString()
export const dayOf = (ms) => utc(ms).slice(0, 10)
export const minuteOf = (ms) => utc(ms).slice(11, 16)
export const secondOf = (ms) => utc(ms).slice(11, 19)
export const momentOf = (ms) => `${dayOf(ms)} ${secondOf(ms)}`
export const hourOf = (ms) => Math.floor(ms / 3_600_000) * 3_600_000

/** What of the log did not fit into the file. */
export const leftOut = [
  timeline.leftOut > 0 && `${count(timeline.leftOut, "later event")} that nothing came of did not fit into this file.`,
  timeline.promptsLeftOut > 0 && `Of ${count(timeline.promptsLeftOut, "decision")} the prompt did not fit.`
].filter((words) => words !== false)
