import { Option, Schema } from "effect"
import { Username } from "../Ids.ts"
import { roomHtml } from "./LineText.ts"
import { readPlainLine } from "./PlainLine.ts"

/** A chat line as a log of another program holds it. */
export interface ChatLogLine {
  /** Epoch ms. */
  readonly time: number
  readonly username: Username
  /** As the room sent it: HTML. */
  readonly msg: string
  /** `meta.addClass`: `action`, `greentext` and so on. */
  readonly addClass?: string
}

/** What a line of a chat log is: a chat line, something else that such logs hold, or no line of such a log. */
export type ChatLogResult =
  | { readonly _tag: "Chat"; readonly line: ChatLogLine }
  | { readonly _tag: "Other" }
  | { readonly _tag: "Unknown" }

const decodeName = Schema.decodeUnknownOption(Username)
const dayMs = 86_400_000

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

// CyTube's channel log: `[Fri Nov 21 2025 20:15:10] <Ana.action> waves`; other lines have `[login]` and the like.
const channelLog = /^\[\w{3} (\w{3}) (\d\d) (\d{4}) (\d\d):(\d\d):(\d\d)\] (.*)$/s
const channelChat = /^<([^<>.\s]+)(?:\.([\w-]+))?> (.*)$/s
// The audit log of the Kryten bridge: `20:15:10 <Ana>: hello`. It names no day.
const bridgeLog = /^(\d\d):(\d\d):(\d\d) <([^<>\s]+)>: (.*)$/s

/** A log without days begins on this one. */
const firstDay = Date.UTC(2000, 0, 1)

const chat = (time: number, name: string, msg: string, addClass?: string): ChatLogResult =>
  Option.match(decodeName(name.trim()), {
    onNone: () => ({ _tag: "Unknown" }),
    onSome: (username) => ({
      _tag: "Chat",
      line: { time, username, msg, ...(addClass === undefined ? {} : { addClass }) }
    })
  })

const readChannelLog = (line: string): ChatLogResult | undefined => {
  const [, month = "", day, year, hours, minutes, seconds, rest = ""] = channelLog.exec(line) ?? []
  if (day === undefined || !months.includes(month)) return undefined
  const time = Date.UTC(
    Number(year),
    months.indexOf(month),
    Number(day),
    Number(hours),
    Number(minutes),
    Number(seconds)
  )
  const [, name, addClass, text = ""] = channelChat.exec(rest) ?? []
  // It decodes entities and leaves tags: `&` is the only character that would be read in another way.
  return name === undefined ? { _tag: "Other" } : chat(time, name, text.replaceAll("&", "&amp;"), addClass)
}

/** Builds the reader of a chat log, line by line; times without a zone are UTC. */
export const makeChatLogReader = (): (line: string) => ChatLogResult => {
  let day = firstDay
  let lastOfDay = 0
  let second = 0
  // Of one second.
  const seen = new Map<string, number>()

  /** A log without days goes on to the next one at midnight. */
  const readBridgeLog = (line: string): ChatLogResult | undefined => {
    const [, hours, minutes, seconds, name = "", msg = ""] = bridgeLog.exec(line) ?? []
    if (hours === undefined) return undefined
    const ofDay = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
    if (ofDay < lastOfDay) day += dayMs
    lastOfDay = ofDay
    return chat(day + ofDay, name, msg)
  }

  const readPlain = (line: string): ChatLogResult =>
    Option.match(readPlainLine(line), {
      onNone: () => ({ _tag: "Unknown" }),
      onSome: ({ text, time, username }) => chat(time, username, roomHtml(text))
    })

  /** Of a log without ms, equal lines of a second are several lines: each gets a ms of its own. */
  const apart = (result: ChatLogResult): ChatLogResult => {
    if (result._tag !== "Chat" || result.line.time % 1000 !== 0) return result
    const { msg, time, username } = result.line
    if (time !== second) seen.clear()
    second = time
    const key = `${username} ${msg}`
    const before = seen.get(key) ?? 0
    seen.set(key, before + 1)
    return { ...result, line: { ...result.line, time: time + Math.min(before, 999) } }
  }

  return (line) => apart(readChannelLog(line) ?? readBridgeLog(line) ?? readPlain(line))
}
