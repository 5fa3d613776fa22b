import type { ChannelName, Username } from "./Ids.ts"

/** A line for the room. */
export interface SayInRoom {
  readonly _tag: "Chat"
  readonly channel: ChannelName
  readonly message: string
}

/** A line for one person. */
export interface SayInPrivate {
  readonly _tag: "Pm"
  readonly channel: ChannelName
  readonly to: Username
  readonly message: string
}

/** A command to the bridge. */
export type BridgeCommand = SayInRoom | SayInPrivate
