import { headers as makeHeaders, type Msg } from "@nats-io/transport-node"
import type { WireCommand, WireMessage } from "../../domain/wire/Wire.ts"
import { headersIn } from "./Inbox.ts"

/** A message as the rest of the program reads it. */
export const messageOf = (message: Msg): WireMessage => {
  const headers = headersIn(message)
  const entries = headers === undefined || headers === "unreadable" ? [] : [...headers]
  return {
    subject: message.subject,
    headers: new Map(entries.map(([key, [value = ""]]) => [key, value])),
    ...(headers === "unreadable" ? { unreadableHeaders: true } : {}),
    body: message.data
  }
}

/** The headers of a command as the client takes them. */
export const headersOf = (command: WireCommand) => {
  const headers = makeHeaders()
  for (const [key, value] of command.headers) headers.set(key, value)
  return headers
}
