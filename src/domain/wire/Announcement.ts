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

const decodeBody = Schema.decodeUnknownOption(
  Schema.fromJsonString(Schema.Struct({ target: Schema.optionalKey(Schema.Unknown) }))
)

/** A bridge's lifecycle event. */
export interface BridgeEvent {
  /** The last word of its subject. */
  readonly name: string | undefined
  /** What it connected to, or lost. */
  readonly target: unknown
}

/** A bridge's lifecycle event; none when its body is no JSON object, or too large. */
export const bridgeEvent = ({ body, subject }: WireMessage): Option.Option<BridgeEvent> =>
  body.byteLength > maxBodyBytes
    ? Option.none()
    : Option.map(
      decodeBody(new TextDecoder().decode(body)),
      ({ target }) => ({ name: subject.split(".").at(-1), target })
    )

/** What a bridge's event says of its link to the rooms' server. */
export const roomLink = ({ name, target }: BridgeEvent): "lost" | "back" | undefined => {
  if (name === "startup") return "back"
  if (target !== "CyTube") return undefined
  return name === "disconnected" ? "lost" : name === "connected" ? "back" : undefined
}

/** The log line of a bridge's event, if an operator needs it; the bot itself sees the state of NATS. */
export const bridgeNews = ({ name, target }: BridgeEvent): BridgeNews | undefined => {
  switch (name) {
    case "startup":
      return { level: "Info", message: "Bridge started" }
    case "shutdown":
      return { level: "Warn", message: "Bridge stopped" }
    case "connected":
      return target === "CyTube" ? { level: "Info", message: "Bridge connected to CyTube" } : undefined
    case "disconnected":
      return target === "CyTube" ? { level: "Warn", message: "Bridge lost CyTube" } : undefined
    default:
      return undefined
  }
}
