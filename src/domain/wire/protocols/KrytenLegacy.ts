import type { BridgeProtocol } from "./BridgeProtocol.ts"
import { cytube } from "./Cytube.ts"

/** The protocol of bridges before 1.0: `cytube`'s commands, and the domain in every subject (WIRE, protocols). */
export const krytenLegacy: BridgeProtocol = {
  eventSubject: ({ channel, domain }, event) => `cytube.events.${domain}.${channel}.${event}`,
  // The domain is one token at least.
  isEvent: ({ length, 0: first, 1: second }) => first === "cytube" && second === "events" && length > 4,
  lowerCase: true,
  commandSubject: ({ channel, domain }, command) => `cytube.commands.${domain}.${channel}.${command}`,
  commandBody: cytube.commandBody,
  announces: true
}
