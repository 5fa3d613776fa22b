import { Schema } from "effect"
import { ChannelName, Username } from "../Ids.ts"
import { isServerAddress } from "./ServerAddress.ts"
import { ProtocolSetting } from "../wire/protocols/Protocol.ts"
import { defaultCommandPrefixes } from "../CommandPrefix.ts"
import {
  AtLeastOne,
  Between,
  Count,
  field,
  HttpUrl,
  optional,
  PositiveSeconds,
  required,
  rule,
  Seconds,
  Secret,
  Text,
  Whole
} from "../Field.ts"
import { ChannelRateLimits, RateLimits } from "./LimitSettings.ts"
import { JetStreamSettings } from "./JetStreamSettings.ts"
import { LlmApi } from "./LlmSettings.ts"
import { ResponseProcessing } from "./ResponseSettings.ts"
import { builtInTriggers, TriggerEntry } from "../triggers/TriggerEntry.ts"

const CommandPrefix = Text.check(
  rule((prefix: string) =>
    /^\S*[^\s\p{L}\p{N}]$/u.test(prefix) ? undefined : "must end in a sign and hold no blank, as ! and ms! do"
  )
)

const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))

/** The connection to NATS, the bot's only way to the rooms. */
export const NatsSettings = Schema.Struct({
  servers: required(
    AtLeastOne(Schema.String.check(rule(
      (text: string) => isServerAddress(text) ? undefined : "must begin with nats:// or tls://",
      "^(nats|tls)://"
    ))),
    "addresses of the servers; a text with commas is several"
  ),
  user: optional(Secret("nats.user"), "user name"),
  password: optional(Secret("nats.password"), "password, from the environment"),
  token: optional(Secret("nats.token"), "token, from the environment"),
  creds_file: optional(Secret("nats.creds_file"), "path of a credentials file"),
  tls: field(
    Schema.Struct({
      ca_file: optional(Text, "certificate authority"),
      cert_file: optional(Text, "client certificate"),
      key_file: optional(Text, "client key")
    }),
    {},
    "files for TLS"
  ),
  connect_timeout: field(PositiveSeconds, 5, "seconds until a connection attempt is given up"),
  connect_attempts: field(Count, 5, "attempts at start; then the program exits with 2"),
  max_reconnect_attempts: field(Whole, 0, "attempts after a lost connection; 0 = for ever"),
  protocol: field(
    ProtocolSetting,
    "auto",
    "how the bridge writes its subjects and commands; auto: found from what arrives and by asking"
  ),
  outbox_size: field(Whole, 100, "replies kept while NATS is away; 0 = drop at once"),
  jetstream: field(JetStreamSettings, {}, "durable intake")
})
export type NatsSettings = typeof NatsSettings.Type

/** A room and its overrides of the general settings (F9). */
export const ChannelEntry = Schema.Struct({
  name: required(ChannelName, "the room's name"),
  domain: field(Text, "cytu.be", "the CyTube server the room is on"),
  enabled: field(Schema.Boolean, true, "false: the bot leaves the room alone"),
  system_prompt: optional(Text, "who the bot is in this room"),
  llm_model: optional(Text, "the model for this room"),
  triggers: optional(Schema.Array(TriggerEntry), "the triggers of this room"),
  rate_limits: optional(ChannelRateLimits, "the limits of this room"),
  response_processing: optional(ResponseProcessing, "how answers become lines in this room")
})
export type ChannelEntry = typeof ChannelEntry.Type

const Channels = AtLeastOne(ChannelEntry).check(Schema.makeFilter((channels: ReadonlyArray<ChannelEntry>) => {
  const names = new Set<string>()
  const twice = channels.findIndex(({ name }) => names.size === names.add(name.toLowerCase()).size)
  return twice < 0
    ? undefined
    : { path: [twice, "name"], issue: "is there twice (upper and lower case do not differ)" }
}))

/** What the bot remembers of a room (F2). */
export const ContextSettings = Schema.Struct({
  size: field(Count, 50, "lines kept"),
  max_age_seconds: field(PositiveSeconds, 3600, "older lines are left out"),
  include_usernames: field(Schema.Boolean, true, "true: each line begins with its author"),
  include_timestamps: field(Schema.Boolean, false, "true: each line says how long ago it was"),
  max_characters: field(Count, 8000, "longest text of all lines together"),
  max_event_age_seconds: field(Seconds, 60, "an older line is context only, never a trigger")
})
export type ContextSettings = typeof ContextSettings.Type

/** The whole configuration file (F9). Its names are the file's. */
export const Settings = Schema.Struct({
  nats: required(NatsSettings, "the connection to NATS"),
  channels: required(Channels, "the rooms"),
  bot: required(
    Schema.Struct({
      username: required(Username, "the account the bridge speaks with"),
      aliases: field(Schema.Array(Text), [], "other names the bot answers to"),
      ignore_users: field(Schema.Array(Text), [], "people who never trigger the bot"),
      command_prefixes: field(
        Schema.Array(CommandPrefix),
        defaultCommandPrefixes,
        "what commands for other bots begin with: such lines do not trigger the bot, and it sends none"
      )
    }),
    "who the bot is in the room"
  ),
  llm_api: required(LlmApi, "the model"),
  triggers: field(Schema.Array(TriggerEntry), builtInTriggers, "when the bot speaks; absent: mention and pm"),
  seed: field(Schema.Int, 0, "another number gives other dice"),
  rate_limits: field(RateLimits, {}, "how much the bot speaks"),
  response_processing: field(ResponseProcessing, {}, "how answers become lines"),
  context_window: field(ContextSettings, {}, "what the bot remembers of a room"),
  health: field(
    Schema.Struct({
      enabled: field(Schema.Boolean, true, "false: no HTTP server"),
      host: field(Text, "127.0.0.1", "address to listen on"),
      port: field(Port, 8080, "port to listen on; 0 = any free one")
    }),
    {},
    "the HTTP server for health and metrics"
  ),
  telemetry: field(
    Schema.Struct({
      otlp_endpoint: optional(HttpUrl, "where traces go (OTLP over HTTP); null = no traces"),
      service_name: field(Text, "llm-bot", "the bot's name in traces"),
      sample_ratio: field(Between(0, 1), 1, "how many of the traces are kept"),
      log_content: field(Schema.Boolean, false, "true: messages and prompts appear in logs and traces"),
      channel_label_limit: field(Count, 50, "with more channels than this, metrics name none of them")
    }),
    {},
    "traces and what may be seen in them"
  ),
  state: field(
    Schema.Struct({
      directory: optional(Text, "where the bot keeps what outlives the process; null = nothing does"),
      save_seconds: field(PositiveSeconds, 5, "how often what changed is saved: a crash loses no more")
    }),
    {},
    "what survives a restart"
  ),
  explain: field(
    Schema.Struct({ enabled: field(Schema.Boolean, true, "true: `llm-bot explain` gets an answer over NATS") }),
    {},
    "asking a running bot why"
  ),
  log_level: field(
    Schema.Literals(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
    "INFO",
    "the least important lines that are logged"
  ),
  log_format: field(Schema.Literals(["json", "pretty"]), "json", "for machines, or for people")
}).annotate({ title: "llm-bot configuration" })
export type Settings = typeof Settings.Type
