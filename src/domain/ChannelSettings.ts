import { Option } from "effect"
import { type CommandPrefixes, compileCommandPrefixes } from "./CommandPrefix.ts"
import { type ChannelKey, channelKey, type UserKey, userKey, type Username } from "./Ids.ts"
import { compileReply } from "./reply/Reply.ts"
import type { ChannelRateLimits, RateLimits } from "./settings/LimitSettings.ts"
import type { LlmApi } from "./settings/LlmSettings.ts"
import type { ResponseProcessing } from "./settings/ResponseSettings.ts"
import type { ChannelEntry, ContextSettings, Settings } from "./settings/Settings.ts"
import { compileNames } from "./triggers/NameMatch.ts"
import { type CompiledTrigger, compileTriggers } from "./triggers/Trigger.ts"
import type { TriggerEntry } from "./triggers/TriggerEntry.ts"
import type { ProtocolSetting } from "./wire/protocols/Protocol.ts"
import type { Room } from "./wire/Room.ts"

/** The bot as one channel sees it. */
export interface BotIdentity {
  readonly username: Username
  readonly key: UserKey
  /** Name and aliases. */
  readonly names: ReadonlyArray<string>
  readonly ignored: ReadonlySet<UserKey>
  /** Whether a line of the room is a command for another bot and does not address this one by `@name` (F3). */
  readonly isForAnotherBot: (text: string) => boolean
}

/** The settings of one channel: the general ones, its overrides, and what is compiled from them. */
export interface ChannelSettings {
  readonly key: ChannelKey
  readonly room: Room
  readonly enabled: boolean
  readonly protocol: ProtocolSetting
  readonly bot: BotIdentity
  readonly seed: number
  readonly systemPrompt: string
  readonly model: string
  readonly llm: LlmApi
  readonly triggers: ReadonlyArray<CompiledTrigger>
  readonly rateLimits: ChannelRateLimits
  readonly userLimits: Pick<RateLimits, "max_per_user_per_minute" | "max_per_user_per_hour">
  readonly response: ResponseProcessing
  readonly processReply: ReturnType<typeof compileReply>
  readonly context: ContextSettings
  /** Whether texts may be kept in decisions and shown in logs (N4). */
  readonly logContent: boolean
}

const botOf = ({ bot }: Settings, commands: CommandPrefixes): BotIdentity => {
  const names = [bot.username, ...bot.aliases]
  const matchAddress = compileNames(names.map((name) => `@${name}`))
  return {
    username: bot.username,
    key: userKey(bot.username),
    names,
    ignored: new Set(bot.ignore_users.map(userKey)),
    isForAnotherBot: (text) => commands.isCommand(text) && matchAddress(text) === undefined
  }
}

/** What is compiled from the settings: once for all channels that share them. */
interface Compiled {
  readonly bot: BotIdentity
  readonly triggers: (entries: ReadonlyArray<TriggerEntry>) => ReadonlyArray<CompiledTrigger>
  readonly reply: (response: ResponseProcessing) => ReturnType<typeof compileReply>
}

/** Computes a value once for each settings object. */
const onceEach = <A extends object, B>(compute: (settings: A) => B): (settings: A) => B => {
  const known = new Map<A, B>()
  return (settings) => {
    const value = known.get(settings) ?? compute(settings)
    known.set(settings, value)
    return value
  }
}

const compile = (settings: Settings): Compiled => {
  const commands = compileCommandPrefixes(settings.bot.command_prefixes)
  const bot = botOf(settings, commands)
  return {
    bot,
    triggers: onceEach((entries) => compileTriggers(entries, bot.names)),
    reply: onceEach((response) => compileReply(response, commands))
  }
}

/** Resolves one channel: its own settings override the general ones (F9). */
const resolveChannel = (
  settings: Settings,
  { bot, reply, triggers }: Compiled,
  entry: ChannelEntry
): ChannelSettings => {
  const response = Option.getOrElse(entry.response_processing, () => settings.response_processing)
  return {
    key: channelKey(entry.name),
    room: { name: entry.name, domain: entry.domain },
    enabled: entry.enabled,
    protocol: settings.nats.protocol,
    bot,
    seed: settings.seed,
    systemPrompt: Option.getOrElse(entry.system_prompt, () => settings.llm_api.system_prompt),
    model: Option.getOrElse(entry.llm_model, () => settings.llm_api.model),
    llm: settings.llm_api,
    triggers: triggers(Option.getOrElse(entry.triggers, () => settings.triggers)),
    rateLimits: Option.getOrElse(entry.rate_limits, () => settings.rate_limits),
    userLimits: settings.rate_limits,
    response,
    processReply: reply(response),
    context: settings.context_window,
    logContent: settings.telemetry.log_content
  }
}

/** The whole configuration as the program uses it: the file's settings and each channel resolved. */
export interface ActiveSettings {
  readonly settings: Settings
  readonly channels: ReadonlyMap<ChannelKey, ChannelSettings>
}

/** Resolves every channel once per configuration. */
export const activate = (settings: Settings): ActiveSettings => {
  const compiled = compile(settings)
  return {
    settings,
    channels: new Map(
      settings.channels.map((entry) => [channelKey(entry.name), resolveChannel(settings, compiled, entry)])
    )
  }
}
