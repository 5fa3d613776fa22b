import { token } from "../Room.ts"
import type { BridgeProtocol } from "./BridgeProtocol.ts"
import { cytube } from "./Cytube.ts"

/** The protocol of bridge 1.x (WIRE, protocols). */
export const kryten: BridgeProtocol = {
  eventSubject: ({ channel }, event) => `kryten.events.cytube.${channel}.${event}`,
  isEvent: ([first, second, third]) => first === "kryten" && second === "events" && third === "cytube",
  lowerCase: true,
  commandSubject: () => "kryten.robot.command",
  commandBody: (command, room, { at, requestId }) => ({
    service: "robot",
    command: command._tag === "Chat" ? "say" : "pm",
    args: command._tag === "Chat"
      ? { message: command.message }
      : { to: command.to, message: command.message },
    // Without both `domain` and `channel` every bridge on the bus would speak.
    meta: {
      source: "llm-bot",
      timestamp: new Date(at).toISOString(),
      domain: room.domain,
      channel: token(room.name),
      request_id: requestId
    }
  }),
  relayed: {
    commandSubject: ({ channel }, command) => `kryten.commands.cytube.${channel}.${command}`,
    commandBody: cytube.commandBody
  },
  announces: true
}
