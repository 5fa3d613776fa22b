import { Option, Schema } from "effect"
import { maxBodyBytes, type WireCommand, type WireMessage } from "./Wire.ts"

/** The bot's announcements to the bridge's other services (WIRE, bridge lifecycle). */
export type Lifecycle = "startup" | "heartbeat" | "shutdown"

/** A poll: every service announces itself again. */
export const discoveryPoll = "kryten.service.discovery.poll"

/** Lifecycle events of bridges. */
export const bridgeLifecycle = "kryten.lifecycle.robot.*"

/** The service that announces itself. */
export interface Announcer {
  readonly version: string
  readonly hostname: string
  /** Where `/health` and `/metrics` are served; absent when they are not. */
  readonly httpPort: number | undefined
}

const endpointsOf = (port: number | undefined) =>
  port === undefined ? {} : { health: { port, path: "/health" }, metrics: { port, path: "/metrics" } }

/** An announcement (WIRE, bridge lifecycle). `at` is epoch ms. */
export const announcement = (
  lifecycle: Lifecycle,
  { hostname, httpPort, version }: Announcer,
  { at, uptimeSeconds }: { readonly at: number; readonly uptimeSeconds: number }
): WireCommand => ({
  subject: `kryten.lifecycle.llm.${lifecycle}`,
  headers: new Map(),
  body: JSON.stringify({
    service: "llm",
    version,
    hostname,
    timestamp: new Date(at).toISOString(),
    uptime_seconds: uptimeSeconds,
    metadata: { endpoints: endpointsOf(httpPort) }
  }),
  request: false
})

/** A bridge's lifecycle event as a log line. */
export interface BridgeNews {
  readonly level: "Info" | "Warn"
  readonly message: string
}

const decodeTarget = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ target: Schema.optionalKey(Schema.Unknown) }))
)

/** The `target` of a bridge's event, if it is readable. */
const targetOf = ({ body }: WireMessage): unknown =>
  body.byteLength > maxBodyBytes
    ? undefined
    : Option.getOrUndefined(decodeTarget(new TextDecoder().decode(body)))?.target

/** What a bridge's event says of its link to the rooms' server. */
export const roomLink = (message: WireMessage): "lost" | "back" | undefined => {
  const event = message.subject.split(".").at(-1)
  if (event === "startup") return "back"
  if (targetOf(message) !== "CyTube") return undefined
  return event === "disconnected" ? "lost" : event === "connected" ? "back" : undefined
}

/** The log line of a bridge's event, if an operator needs it; the bot itself sees the state of NATS. */
export const bridgeNews = (message: WireMessage): Option.Option<BridgeNews> => {
  if (message.body.byteLength > maxBodyBytes) return Option.none()
  const target = targetOf(message)
  switch (message.subject.split(".").at(-1)) {
    case "startup":
      return Option.some({ level: "Info", message: "Bridge started" })
    case "shutdown":
      return Option.some({ level: "Warn", message: "Bridge stopped" })
    case "connected":
      return target === "CyTube" ? Option.some({ level: "Info", message: "Bridge connected to CyTube" }) : Option.none()
    case "disconnected":
      return target === "CyTube" ? Option.some({ level: "Warn", message: "Bridge lost CyTube" }) : Option.none()
    default:
      return Option.none()
  }
}
