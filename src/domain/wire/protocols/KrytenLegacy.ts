import type { BridgeProtocol } from "./BridgeProtocol.ts"
import { cytube } from "./Cytube.ts"

/** The protocol of bridges before 1.0: `cytube`'s commands, and the domain in every subject (WIRE, protocols). */
export const krytenLegacy: BridgeProtocol = {
  eventSubject: ({ channel, domain }, event) => `cytube.events.${domain}.${channel}.${event}`,
  lowerCase: true,
  commandSubject: ({ channel, domain }, command) => `cytube.commands.${domain}.${channel}.${command}`,
  commandBody: cytube.commandBody,
  request: false,
  announces: true
}
