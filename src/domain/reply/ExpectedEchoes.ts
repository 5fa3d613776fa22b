import type { Refusal } from "../ChatEvent.ts"
import type { UserKey } from "../Ids.ts"

/** A sent reply that has not come back from the room yet (F8). */
export interface ExpectedEcho {
  /** Whom a private reply went to; absent for a line in the room. */
  readonly with: UserKey | undefined
  readonly text: string
  /** Why the room refused it, once it said so. */
  refusal: Refusal["kind"] | undefined
}

/** A channel's replies of the last 10 s that wait for their echo, oldest first; the limits bound them. */
export type ExpectedEchoes = Array<ExpectedEcho>

// The room turns line breaks into spaces and formats `*b*`: blanks do not count, markup falls back to order.
const comparable = (text: string): string => text.replace(/\s+/gu, " ").trim()

/** Waits for the echo of a reply from now on. */
export const expectEcho = (expected: ExpectedEchoes, user: UserKey | undefined, text: string): ExpectedEcho => {
  const echo: ExpectedEcho = { with: user, text: comparable(text), refusal: undefined }
  expected.push(echo)
  return echo
}

/** Waits for it no longer. */
export const dropEcho = (expected: ExpectedEchoes, echo: ExpectedEcho): void => {
  const index = expected.indexOf(echo)
  if (index >= 0) expected.splice(index, 1)
}

/**
 * An own line came: the reply whose echo it is, by its text, else the oldest that waits in this conversation; none when
 * somebody else spoke with the bot's account (F1).
 */
export const confirmEcho = (
  expected: ExpectedEchoes,
  user: UserKey | undefined,
  text: string
): ExpectedEcho | undefined => {
  const candidates = expected.filter((echo) => echo.with === user)
  const echo = candidates.find((candidate) => candidate.text === comparable(text)) ?? candidates[0]
  if (echo !== undefined) dropEcho(expected, echo)
  return echo
}

/** The room refused a line: that is why the oldest reply without a cause is not seen (WIRE, refusals). */
export const refuseEcho = (expected: ExpectedEchoes, kind: Refusal["kind"]): void => {
  const refused = expected.find(({ refusal }) => refusal === undefined)
  if (refused !== undefined) refused.refusal = kind
}
