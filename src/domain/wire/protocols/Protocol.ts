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
