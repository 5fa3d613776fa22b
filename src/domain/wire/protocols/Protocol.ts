import { Schema, Struct } from "effect"
import type { BridgeProtocol } from "./BridgeProtocol.ts"
import { cytube } from "./Cytube.ts"
import { kryten } from "./Kryten.ts"
import { krytenLegacy } from "./KrytenLegacy.ts"

/** The protocols that the bot speaks, by the name that `nats.protocol` gives them. */
export const protocols = { cytube, kryten, "kryten-legacy": krytenLegacy } satisfies Record<string, BridgeProtocol>

/** The name of a protocol. */
export const Protocol = Schema.Literals(Struct.keys(protocols))
export type Protocol = typeof Protocol.Type

/** `nats.protocol`: a protocol, or `auto`, which finds it from what arrives and by asking (WIRE, protocols). */
export const ProtocolSetting = Schema.Literals(["auto", ...Protocol.literals])
export type ProtocolSetting = typeof ProtocolSetting.Type

/** The one that `auto` speaks as long as no bridge was heard. */
export const fallbackProtocol: Protocol = "cytube"

/** The protocols that a setting may come to mean. */
export const protocolsOf = (setting: ProtocolSetting): ReadonlyArray<Protocol> =>
  setting === "auto" ? Protocol.literals : [setting]
