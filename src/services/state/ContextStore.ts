import { Context, Effect, Layer } from "effect"
import { followPrivateWindows, windowOf } from "../../domain/ChannelState.ts"
import { type ChatContext, type ContextLine, visibleLines } from "../../domain/ChatContext.ts"
import type { Media, Presence } from "../../domain/ChatEvent.ts"
import type { Conversation } from "../../domain/Conversation.ts"
import { appendLine } from "../../domain/ContextWindow.ts"
import type { ChannelKey, EventKey, UserKey } from "../../domain/Ids.ts"
import { isMediaChange } from "../../domain/limits/MediaSilence.ts"
import { applyPresence } from "../../domain/Presence.ts"
import type { ContextSettings } from "../../domain/settings/Settings.ts"
import { ChannelStates } from "./ChannelStates.ts"

/** What the bot knows of each channel: its lines, private conversations, current media and users (F2). */
export class ContextStore extends Context.Service<ContextStore, {
  /** Adds a line and returns how many the conversation then has. */
  readonly append: (conversation: Conversation, line: ContextLine, settings: ContextSettings) => number
  /** Takes back the line of an event, if the conversation has it. */
  readonly retract: (conversation: Conversation, key: EventKey) => void
  /** What a prompt may show of a conversation. `now` is epoch ms. */
  readonly context: (conversation: Conversation, settings: ContextSettings, now: number) => ChatContext
  /** The bot's last lines in a conversation, the newest last. */
  readonly replies: (conversation: Conversation) => ReadonlyArray<string>
  /** Sets what plays; true if the media changed. `now` is monotonic ms. */
  readonly setMedia: (channel: ChannelKey, media: Media, now: number) => boolean
  /** When the media last changed, monotonic ms. */
  readonly mediaChangedAt: (channel: ChannelKey) => number | undefined
  readonly presence: (channel: ChannelKey, change: Presence) => void
  /** A person's rank, where the room's user list has it. */
  readonly rank: (channel: ChannelKey, user: UserKey) => number | undefined
}>()("llm-bot/ContextStore") {
  static readonly layerNoDeps = Layer.effect(
    ContextStore,
    Effect.gen(function*() {
      const states = yield* ChannelStates
      const window = (conversation: Conversation) => windowOf(states.of(conversation.channel), conversation.with)
      return ContextStore.of({
        append: (conversation, line, { size }) => {
          states.of(conversation.channel).changed = true
          return appendLine(window(conversation), line, size)
        },
        retract: (conversation, key) => {
          states.of(conversation.channel).changed = true
          const kept = window(conversation)
          kept.lines = kept.lines.filter((line) => line.key !== key)
        },
        context: (conversation, settings, now) => ({
          lines: visibleLines(window(conversation).lines, settings, now),
          media: conversation.with === undefined ? states.of(conversation.channel).media : undefined
        }),
        replies: (conversation) => window(conversation).replies,
        setMedia: (channel, media, now) => {
          const state = states.of(channel)
          const changed = isMediaChange(state.media, media)
          if (changed) state.mediaChangedAt = now
          state.media = media
          return changed
        },
        mediaChangedAt: (channel) => states.of(channel).mediaChangedAt,
        presence: (channel, change) => {
          followPrivateWindows(states.of(channel), change)
          applyPresence(states.of(channel).members, change)
        },
        rank: (channel, user) => states.of(channel).members.get(user)?.rank
      })
    })
  )
}
