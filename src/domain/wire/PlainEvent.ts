import type { ChatEvent, Media, Member } from "../ChatEvent.ts"
import { roomHtml } from "./LineText.ts"

/** An event's name and payload, in the plain shape of the `cytube` protocol. */
export interface PlainEvent {
  readonly name: string
  readonly payload: unknown
}

const person = ({ rank, username }: Member) => ({ name: username, rank })

const media = ({ id, seconds, title, type }: Media) => ({ type, id, title, seconds })

const said = ({ shadow, text, time }: { readonly shadow: boolean; readonly text: string; readonly time: number }) => ({
  msg: roomHtml(text),
  meta: shadow ? { shadow: true } : {},
  time
})

const author = (username: string, rank: number | undefined) =>
  rank === undefined ? { name: username } : { name: username, rank }

/** The event in its plain shape (WIRE, events): decoded again, it is the same event. */
export const plainEvent = (event: ChatEvent): PlainEvent | undefined => {
  switch (event._tag) {
    case "ChatMsg":
      return { name: "chatMsg", payload: { user: author(event.username, event.rank), ...said(event) } }
    case "Pm":
      return {
        name: "pm",
        payload: { from: author(event.username, event.rank), to: { name: event.to }, ...said(event) }
      }
    case "ChangeMedia":
      return { name: "changeMedia", payload: media(event.media) }
    case "UserList":
      return { name: "userlist", payload: event.members.map(person) }
    case "AddUser":
      return { name: "addUser", payload: person(event.member) }
    case "SetUserRank":
      return { name: "setUserRank", payload: person(event.member) }
    case "UserLeave":
      return { name: "userLeave", payload: { name: event.username } }
    case "Login":
      return {
        name: "login",
        payload: { success: event.success, ...(event.username === undefined ? {} : { name: event.username }) }
      }
    case "Refusal":
      return { name: event.kind, payload: {} }
    case "Other":
      return undefined
  }
}
