import type { ChannelName } from "../Ids.ts"

/** A configured room as the wire addresses it. */
export interface Room {
  readonly name: ChannelName
  readonly domain: string
}

/** A name as the bridge writes it into a subject: lower case, spaces to `-`, reserved characters out, at most 100. */
export const token = (name: string): string =>
  name.toLowerCase().replaceAll(" ", "-").replace(/[*>!@#$%^&()+=[\]{|}\\:;"'<,?/]/g, "").slice(0, 100)

/** Whether a name, or how the bridge writes it into a subject, is the room's. */
export const isNameOf = (room: Room, name: string): boolean => {
  // A configured name has no character that the token would leave out.
  const own = room.name.toLowerCase()
  return name === own || token(name) === own
}
