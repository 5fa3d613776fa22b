/**
 * Every name in a trace. OpenTelemetry's names for GenAI and messaging are still in development, so they are here and
 * nowhere else; ours begin with `llm_bot`.
 */
export const attribute = {
  operationName: "gen_ai.operation.name",
  providerName: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  requestTemperature: "gen_ai.request.temperature",
  requestTopP: "gen_ai.request.top_p",
  requestMaxTokens: "gen_ai.request.max_tokens",
  requestStream: "gen_ai.request.stream",
  responseId: "gen_ai.response.id",
  responseModel: "gen_ai.response.model",
  responseFinishReasons: "gen_ai.response.finish_reasons",
  /** Seconds. */
  responseTimeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  conversationId: "gen_ai.conversation.id",
  messagingSystem: "messaging.system",
  messagingOperationName: "messaging.operation.name",
  messagingOperationType: "messaging.operation.type",
  messagingDestination: "messaging.destination.name",
  messagingTemplate: "messaging.destination.template",
  serverAddress: "server.address",
  serverPort: "server.port",
  errorType: "error.type",
  correlationId: "llm_bot.correlation_id",
  channel: "llm_bot.channel",
  eventType: "llm_bot.event_type",
  outcome: "llm_bot.outcome",
  reason: "llm_bot.reason"
} as const

/** The name of one of the bot's own attributes of a span event. */
export const ownAttribute = (name: string): string => `llm_bot.${name}`

/** Values of attributes and span events. */
export type AttributeValue = string | number | boolean | ReadonlyArray<string>
/** Attributes of a span or of an event, by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/** The names of the four kinds of spans: low cardinality, the same from message to message. */
export const spanName = {
  process: (template: string): string => `process ${template}`,
  /** The trace of a look at the room, which no message began. */
  look: "look at the room",
  chat: (model: string): string => `chat ${model}`,
  send: (template: string): string => `send ${template}`
}

/** The attributes of messaging spans. */
export const messagingAttributes = (operation: "process" | "send", subject: string, template: string): Attributes => ({
  [attribute.messagingSystem]: "nats",
  [attribute.messagingOperationName]: operation,
  [attribute.messagingOperationType]: operation,
  [attribute.messagingDestination]: subject,
  [attribute.messagingTemplate]: template
})
