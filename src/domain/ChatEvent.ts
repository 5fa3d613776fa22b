import type { EventIdentity, EventKey, Username } from "./Ids.ts"

/** What is playing. `seconds` is 0 for live media; `type` codes are open (WIRE, events). */
export interface Media {
  readonly type: string
  readonly id: string
  readonly title: string
  readonly seconds: number
}

/** A person in the room's list. Rank 0 is a guest, 1 registered, 2 and up staff. */
export interface Member {
  readonly username: Username
  readonly rank: number
  /** Muted by a moderator; absent where the list does not say. */
  readonly muted?: boolean
}

interface Line {
  readonly username: Username
  /** The sender's rank where the line itself carries one (the plain shape). */
  readonly rank: number | undefined
  /** Decoded plain text, at most 500 UTF-16 units; empty when nothing was left. */
  readonly text: string
  /** When it was said, epoch ms; a time in the future is the arrival time (F1). */
  readonly time: number
  /** `time` as it was sent: a part of the identity. */
  readonly sentAt: number
  readonly key: EventKey
  /** The identity that version 0.1 recorded, which had more of the event than its recording. */
  readonly recorded?: EventIdentity
  /** Shadow-muted: only its author and moderators see it. */
  readonly shadow: boolean
}

/** A line in the room. */
export interface ChatMsg extends Line {
  readonly _tag: "ChatMsg"
}

/** A private message. */
export interface Pm extends Line {
  readonly _tag: "Pm"
  readonly to: Username
}

/** What plays, sent on every change and every join. */
export interface ChangeMedia {
  readonly _tag: "ChangeMedia"
  readonly media: Media
}

/** Who is in the room: the whole list on every join, then single changes. */
export type Presence =
  | {
    readonly _tag: "UserList"
    readonly members: ReadonlyArray<Member>
    /** Members of the list that cannot be read. */
    readonly unreadable: number
  }
  | { readonly _tag: "AddUser"; readonly member: Member }
  | { readonly _tag: "UserLeave"; readonly username: Username }
  | { readonly _tag: "SetUserRank"; readonly member: Member }

/** The account the bridge speaks with. */
export interface Login {
  readonly _tag: "Login"
  readonly success: boolean
  readonly username: Username | undefined
}

/** The room refused a line: flood control, a filter, an error (WIRE, refusals). */
export interface Refusal {
  readonly _tag: "Refusal"
  readonly kind: "cooldown" | "noflood" | "spamFiltered" | "errorMsg" | "kick"
  /** Which kind of line it was, where the room says so. */
  readonly target?: "chat" | "pm"
  /** After how long the next line may come, ms (`cooldown`). */
  readonly waitMs?: number
  /** The bot is muted: no line of it is shown until a moderator lifts that. */
  readonly muted?: true
}

/** A room's flood control as it tells of it (WIRE, refusals). */
export interface FloodControl {
  /** Lines that may come at once. */
  readonly burst: number
  /** Further lines a second. */
  readonly sustained: number
  /** Seconds of silence after which a whole burst may come again. */
  readonly cooldown: number
}

/** What the room's settings say of its flood control; absent where it has none. */
export interface ChannelOpts {
  readonly _tag: "ChannelOpts"
  readonly flood: FloodControl | undefined
}

/** A person was muted, or no longer is. */
export interface SetUserMeta {
  readonly _tag: "SetUserMeta"
  readonly username: Username
  readonly muted: boolean
}

/** An event the bot does not use: counted and ignored (F1). */
export interface OtherEvent {
  readonly _tag: "Other"
}

/** The events that get a decision record. */
export type ConversationEvent = ChatMsg | Pm | ChangeMedia

/** Every event of a room, decoded. */
export type ChatEvent = ConversationEvent | Presence | SetUserMeta | Login | Refusal | ChannelOpts | OtherEvent

/** The wire's name of the event types that metrics and logs tell apart; anything else is `other`. */
export type EventType =
  | "chatMsg"
  | "pm"
  | "changeMedia"
  | "userlist"
  | "addUser"
  | "userLeave"
  | "setUserRank"
  | "login"
  | "cooldown"
  | "noflood"
  | "spamFiltered"
  | "errorMsg"
  | "kick"
  | "channelOpts"
  | "setUserMeta"
  | "other"
