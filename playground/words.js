// The few words the pages have of their own; every sentence about a decision comes from the server.

const silenceOf = (steps) => {
  const silenceMs = steps.find(({ _tag }) => _tag === "Media")?.silenceMs ?? 0
  return silenceMs > 0 ? `silence ${seconds(silenceMs)}` : ""
}

/** What was decided: its tone, in a word or two for the log, and a title where its sentence needs one. */
export const verdictOf = (record) => {
  const outcome = record?.outcome
  switch (outcome?._tag) {
    case "Replied":
      return { tone: "replied", short: "replied" }
    case "Skipped":
      return outcome.reason === "media_event"
        ? { tone: "noted", title: "Noted", short: silenceOf(record.steps) }
        : { tone: "silent", title: "Kept silent", short: record.story.short }
    case "Failed":
      return { tone: "failed", title: "Failed", short: "failed" }
    default:
      return { tone: "waiting", short: "thinking" }
  }
}

export const seconds = (ms) => {
  if (ms < 1) return "0 s"
  if (ms < 1000) return `${Math.round(ms)} ms`
  return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0).replace(/\.0$/, "")} s`
}

/** A span in the words of a button. */
export const span = (ms) => {
  const whole = Math.ceil(ms / 1000)
  if (whole < 120) return `${whole} s`
  return whole < 7200 ? `${Math.ceil(whole / 60)} min` : `${Math.ceil(whole / 3600)} h`
}

const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" })

export const timeOf = (ms) => clock.format(ms)

/** The first letter large, as a sentence begins. */
export const sentence = (text) => text.slice(0, 1).toUpperCase() + text.slice(1)

/** A whole number in groups of three: "12,345". */
export const grouped = (value) => String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ",")

/** A figure with one decimal below ten. */
export const figure = (value) => Math.abs(value) < 9.95 && !Number.isInteger(value) ? value.toFixed(1) : grouped(value)

/** "1 change", "2 changes", "3 replies". */
export const count = (number, thing, things = `${thing}s`) => `${grouped(number)} ${number === 1 ? thing : things}`

/** How often the bot replies among lines of people: "one per 4 lines". */
export const rate = (replies, lines) => {
  const every = Math.max(1, Math.round(lines / replies))
  return every === 1 ? "one per line" : `one per ${grouped(every)} lines`
}

export const percent = (part, whole) => {
  const share = whole === 0 ? 0 : (100 * part) / whole
  return share > 0 && share < 1 ? "under 1\u00a0%" : `${Math.round(share)}\u00a0%`
}

/** A difference with its sign. */
export const change = (value) => value === 0 ? "0" : `${value > 0 ? "+" : "−"}${figure(Math.abs(value))}`
