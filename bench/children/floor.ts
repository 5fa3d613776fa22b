import type { WireMessage } from "../../src/domain/wire/Wire.ts"

// The least plain code that decides about a line: it decodes, remembers, looks for duplicates, tests the default triggers
// and keeps a record. No limits, metrics, log, traces or faults; nothing is checked that such a line does not need.

const seenLines = 1000
const windowLines = 50
const records = 200
/** Numbers a record. */
const recordSize = 6

interface Line {
  readonly username: string
  readonly text: string
  readonly time: number
}

const text = new TextDecoder()
const mention = /(?<![\p{L}\p{N}_])moviebot(?![\p{L}\p{N}_])/u

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null

const decode = (message: WireMessage): Line | undefined => {
  const payload: unknown = JSON.parse(text.decode(message.body))
  if (!isFields(payload)) return undefined
  const { msg, time, user } = payload
  if (!isFields(user) || typeof msg !== "string" || typeof time !== "number") return undefined
  return typeof user["name"] === "string" ? { username: user["name"], text: msg.trim(), time } : undefined
}

/** One channel. */
export const floorChannel = (): (message: WireMessage) => void => {
  const seen = new Set<string>()
  const order: Array<string> = []
  let window: Array<Line> = []
  const ring = new Float64Array(records * recordSize)
  let handled = 0

  const isDuplicate = ({ text, time, username }: Line): boolean => {
    const key = `${username.toLowerCase()} ${time} ${text}`
    if (seen.has(key)) return true
    const place = handled % seenLines
    seen.delete(order[place] ?? "")
    seen.add(key)
    order[place] = key
    return false
  }

  return (message) => {
    const arrivedAt = performance.now()
    const line = decode(message)
    if (line === undefined || isDuplicate(line)) return
    window.push(line)
    if (window.length >= 2 * windowLines) window = window.slice(-windowLines)
    const fires = mention.test(line.text.toLowerCase())
    const place = (handled++ % records) * recordSize
    ring[place] = Date.now()
    ring[place + 1] = arrivedAt
    ring[place + 2] = window.length
    ring[place + 3] = fires ? 1 : 0
    ring[place + 4] = Math.random()
    ring[place + 5] = performance.now() - arrivedAt
  }
}
