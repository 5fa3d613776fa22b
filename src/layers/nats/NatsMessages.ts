import { headers as makeHeaders, type Msg } from "@nats-io/transport-node"
import type { WireCommand, WireMessage } from "../../domain/wire/Wire.ts"
import { headersIn } from "./Inbox.ts"

const noHeaders: ReadonlyMap<string, string> = new Map()

/** Converts a message of the client. */
export const messageOf = (message: Msg): WireMessage => {
  const headers = headersIn(message)
  if (headers === undefined) return { subject: message.subject, headers: noHeaders, body: message.data }
  const entries = headers === "unreadable" ? [] : [...headers]
  return {
    subject: message.subject,
    headers: new Map(entries.map(([key, [value = ""]]) => [key, value])),
    ...(headers === "unreadable" ? { unreadableHeaders: true } : {}),
    body: message.data
  }
}

/** Converts the headers of a command for the client. */
export const headersOf = (command: WireCommand) => {
  const headers = makeHeaders()
  for (const [key, value] of command.headers) headers.set(key, value)
  return headers
}
