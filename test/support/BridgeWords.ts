import { roomHtml } from "../../src/domain/wire/LineText.ts"
import type { Protocol } from "../../src/domain/wire/protocols/Protocol.ts"

/** A line the bot asked for. */
export interface AskedLine {
  /** The private line's receiver; absent for a line to the room. */
  readonly to: string | undefined
  readonly text: string
}

/** Which bridge speaks, in which room and as whom. */
export interface BridgeIdentity {
  readonly protocol: Protocol
  readonly domain: string
  readonly channel: string
  readonly account: string
}

const lower = (text: string): string => text.toLowerCase()

/** Where a bridge listens for commands. */
export const commandSubjects = ({ channel, domain, protocol }: BridgeIdentity): string => {
  switch (protocol) {
    case "cytube":
      return `cytube.commands.${lower(channel)}.>`
    case "kryten":
      return "kryten.robot.command"
    case "kryten-legacy":
      return `cytube.commands.${lower(domain)}.${lower(channel)}.>`
  }
}

/** The subject of one of the room's events. */
export const eventSubject = ({ channel, domain, protocol }: BridgeIdentity, event: string): string => {
  switch (protocol) {
    case "cytube":
      return `cytube.events.${lower(channel)}.${event}`
    case "kryten":
      return `kryten.events.cytube.${lower(channel)}.${lower(event)}`
    case "kryten-legacy":
      return `cytube.events.${lower(domain)}.${lower(channel)}.${lower(event)}`
  }
}

/** The body of an event: bare in the plain shape, else in the bridge's envelope under a fresh id. */
export const eventBody = (bridge: BridgeIdentity, event: string, payload: unknown): string =>
  bridge.protocol === "cytube"
    ? JSON.stringify(payload)
    : JSON.stringify({
      event_name: event,
      payload,
      channel: bridge.channel,
      domain: bridge.domain,
      timestamp: new Date().toISOString().replace("Z", "000+00:00"),
      correlation_id: crypto.randomUUID()
    })

/** A line as the room sends it. `time` is epoch ms. */
export const linePayload = ({ protocol }: BridgeIdentity, from: string, to: string | undefined, text: string) => {
  // Newlines become blanks, and what is beyond 320 units is cut (WIRE, room behaviour).
  const line = { msg: roomHtml(text.replaceAll("\n", " ").slice(0, 320)), meta: {}, time: Date.now() }
  if (protocol !== "cytube") return { username: from, ...line, ...(to === undefined ? {} : { to }) }
  return to === undefined
    ? { user: { name: from, rank: 1 }, ...line }
    : { from: { name: from, rank: 1 }, to: { name: to }, ...line }
}

/** What a bridge makes of a command: a line for the room, a question to itself, or nothing at all. */
export type Understood =
  | { readonly _tag: "Line"; readonly line: AskedLine; readonly command: string }
  | { readonly _tag: "Question"; readonly command: string }
  | { readonly _tag: "NotMeant" }
  | { readonly _tag: "Wrong"; readonly error: string }

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {}
const text = (value: unknown): string | undefined => typeof value === "string" && value !== "" ? value : undefined

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** Of `data` the bridges take these keys only: any other loses the message. */
const understandPlain = (body: string): Understood => {
  const { action, data } = record(parse(body))
  const { message, to, ...rest } = record(data)
  const said = text(message)
  const receiver = text(to)
  if (said === undefined || Object.keys(rest).length > 0) return { _tag: "Wrong", error: "not understood" }
  if (action === "chat" && to === undefined) {
    return { _tag: "Line", command: "chat", line: { to: undefined, text: said } }
  }
  return action === "pm" && receiver !== undefined
    ? { _tag: "Line", command: "pm", line: { to: receiver, text: said } }
    : { _tag: "Wrong", error: "not understood" }
}

const understandKryten = (bridge: BridgeIdentity, body: string): Understood => {
  const { args, command, meta, service } = record(parse(body))
  const name = text(command)
  if (name === undefined) return { _tag: "Wrong", error: "Missing 'command' field" }
  if (service !== undefined && service !== "robot") return { _tag: "NotMeant" }
  // Questions are answered by every bridge, whatever room they name.
  if (/^(?:system|state)\./.test(name)) return { _tag: "Question", command: name }
  const { channel, domain } = record(meta)
  // The domain is compared exactly, the channel in any case; without both every bridge speaks.
  const named = typeof domain === "string" && typeof channel === "string"
  if (named && (domain !== bridge.domain || lower(channel) !== lower(bridge.channel))) return { _tag: "NotMeant" }
  const { message, msg, to, username } = record(args)
  const said = text(message) ?? text(msg)
  const receiver = text(username) ?? text(to)
  if (name !== "say" && name !== "pm") return { _tag: "NotMeant" }
  if (said === undefined || (name === "pm" && receiver === undefined)) {
    return { _tag: "Wrong", error: "Missing message" }
  }
  return { _tag: "Line", command: name, line: { to: name === "pm" ? receiver : undefined, text: said } }
}

/** What a bridge makes of the body of a command. */
export const understand = (bridge: BridgeIdentity, body: string): Understood =>
  bridge.protocol === "kryten" ? understandKryten(bridge, body) : understandPlain(body)
