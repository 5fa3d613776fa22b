import type { ChannelName } from "../Ids.ts"

/** A configured room as the wire addresses it. */
export interface Room {
  readonly name: ChannelName
  readonly domain: string
}

/** A name as the bridge writes it into a subject: lower case, spaces to `-`, reserved characters out, at most 100. */
export const token = (name: string): string =>
  name.toLowerCase().replaceAll(" ", "-").replace(/[*>!@#$%^&()+=[\]{|}\\:;"'<,?/]/g, "").slice(0, 100)
