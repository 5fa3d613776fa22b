import { Context, Effect, Layer } from "effect"
import { type ChatContext, type ContextLine, visibleLines } from "../domain/ChatContext.ts"
import type { Media, Member, Presence } from "../domain/ChatEvent.ts"
import { type ChannelKey, type UserKey, userKey } from "../domain/Ids.ts"
import { isMediaChange } from "../domain/limits/MediaSilence.ts"
import type { ContextSettings } from "../domain/settings/Settings.ts"

/** How many private conversations of a channel are kept, least recently used out (F2). */
const privateWindows = 200
/** The bot's own last lines are kept apart: they matter for repeats even when the window has moved on. */
const ownLines = 100
/** More people than any room has; the list of a channel is bounded all the same. */
const members = 10_000

/** A conversation: the channel, or one person's private one. */
export interface Conversation {
  readonly channel: ChannelKey
  /** Absent for the channel itself. */
  readonly with: UserKey | undefined
}

/** A window of lines: append is O(1), the oldest go in bulk once there are twice as many as are kept. */
class Window {
  private lines: Array<ContextLine> = []
  private own: Array<string> = []

  append(line: ContextLine, size: number): number {
    this.lines.push(line)
    if (this.lines.length >= 2 * size) this.lines = this.lines.slice(-size)
    if (line.bot) this.own = [...this.own.slice(1 - ownLines), line.text]
    return Math.min(this.lines.length, size)
  }

  visible(settings: ContextSettings, now: number): ReadonlyArray<ContextLine> {
    return visibleLines(this.lines, settings, now)
  }

  get replies(): ReadonlyArray<string> {
    return this.own
  }
}

interface ChannelState {
  readonly window: Window
  readonly private: Map<UserKey, Window>
  readonly members: Map<UserKey, Member>
  media: Media | undefined
  mediaChangedAt: number | undefined
}

/** What the bot knows of each channel: its lines, its private conversations, what plays, who is there (F2). */
export class ContextStore extends Context.Service<ContextStore, {
  /** Adds a line and says how many lines the conversation then has. */
  readonly append: (conversation: Conversation, line: ContextLine, settings: ContextSettings) => Effect.Effect<number>
  /** What a prompt may show of a conversation. `now` is epoch ms. */
  readonly context: (conversation: Conversation, settings: ContextSettings, now: number) => Effect.Effect<ChatContext>
  /** The bot's last lines in a conversation, the newest last. */
  readonly replies: (conversation: Conversation) => Effect.Effect<ReadonlyArray<string>>
  /** Notes what plays and says whether that is other media. `now` is monotonic ms. */
  readonly setMedia: (channel: ChannelKey, media: Media, now: number) => Effect.Effect<boolean>
  /** When other media last began, monotonic ms. */
  readonly mediaChangedAt: (channel: ChannelKey) => Effect.Effect<number | undefined>
  readonly presence: (channel: ChannelKey, change: Presence) => Effect.Effect<void>
  /** A person's rank, where the room's list says it. */
  readonly rank: (channel: ChannelKey, user: UserKey) => Effect.Effect<number | undefined>
  readonly forget: (channel: ChannelKey) => Effect.Effect<void>
}>()("llm-bot/ContextStore") {
  static readonly layer = Layer.sync(ContextStore, () => {
    // One entry a configured channel.
    const channels = new Map<ChannelKey, ChannelState>()

    const stateOf = (key: ChannelKey): ChannelState => {
      const known = channels.get(key)
      if (known !== undefined) return known
      const fresh: ChannelState = {
        window: new Window(),
        private: new Map(),
        members: new Map(),
        media: undefined,
        mediaChangedAt: undefined
      }
      channels.set(key, fresh)
      return fresh
    }

    const windowOf = (conversation: Conversation): Window => {
      const state = stateOf(conversation.channel)
      if (conversation.with === undefined) return state.window
      const window = state.private.get(conversation.with) ?? new Window()
      // Written again, the entry is the newest of the map: the first one is the least recently used.
      state.private.delete(conversation.with)
      state.private.set(conversation.with, window)
      const [oldest] = state.private.keys()
      if (state.private.size > privateWindows && oldest !== undefined) state.private.delete(oldest)
      return window
    }

    const note = (state: ChannelState, member: Member): void => {
      const key = userKey(member.username)
      if (state.members.size < members || state.members.has(key)) state.members.set(key, member)
    }

    const change = (state: ChannelState, presence: Presence): void => {
      switch (presence._tag) {
        case "UserList":
          state.members.clear()
          presence.members.forEach((member) => note(state, member))
          return
        case "AddUser":
        case "SetUserRank":
          return note(state, presence.member)
        case "UserLeave":
          state.members.delete(userKey(presence.username))
      }
    }

    return ContextStore.of({
      append: (conversation, line, settings) => Effect.sync(() => windowOf(conversation).append(line, settings.size)),
      context: (conversation, settings, now) =>
        Effect.sync(() => ({
          lines: windowOf(conversation).visible(settings, now),
          media: conversation.with === undefined ? stateOf(conversation.channel).media : undefined
        })),
      replies: (conversation) => Effect.sync(() => windowOf(conversation).replies),
      setMedia: (channel, media, now) =>
        Effect.sync(() => {
          const state = stateOf(channel)
          const changed = isMediaChange(state.media, media)
          if (changed) state.mediaChangedAt = now
          state.media = media
          return changed
        }),
      mediaChangedAt: (channel) => Effect.sync(() => stateOf(channel).mediaChangedAt),
      presence: (channel, presence) => Effect.sync(() => change(stateOf(channel), presence)),
      rank: (channel, user) => Effect.sync(() => stateOf(channel).members.get(user)?.rank),
      forget: (channel) => Effect.sync(() => void channels.delete(channel))
    })
  })
}
