import type { BridgeProtocol } from "./BridgeProtocol.ts"

/** The protocol of the simplest bridges, and of the room within the program (WIRE, protocols). */
export const cytube: BridgeProtocol = {
  eventSubject: ({ channel }, event) => `cytube.events.${channel}.${event}`,
  isEvent: ({ length, 0: first, 1: second }) => first === "cytube" && second === "events" && length === 4,
  lowerCase: false,
  commandSubject: ({ channel }, command) => `cytube.commands.${channel}.${command}`,
  // Nothing else: an extra key in `data` loses the message, so ids go into headers only.
  commandBody: (command) =>
    command._tag === "Chat"
      ? { action: "chat", data: { message: command.message } }
      : { action: "pm", data: { to: command.to, message: command.message } },
  announces: false
}
