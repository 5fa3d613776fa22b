import type { Refusal } from "../ChatEvent.ts"
import type { UserKey } from "../Ids.ts"
import { alike, likeness } from "./EchoLikeness.ts"

/** A sent reply whose echo has not arrived yet (F8). */
export interface ExpectedEcho {
  /** The recipient of a private reply; absent for a line in the room. */
  readonly with: UserKey | undefined
  readonly text: string
  /** Why the room refused it, if it did. */
  refusal: Refusal["kind"] | undefined
}

/** A channel's replies that wait for their echo, oldest first; the limits bound them. */
export type ExpectedEchoes = Array<ExpectedEcho>

/** Adds a reply whose echo is expected. */
export const expectEcho = (expected: ExpectedEchoes, user: UserKey | undefined, text: string): ExpectedEcho => {
  const echo: ExpectedEcho = { with: user, text, refusal: undefined }
  expected.push(echo)
  return echo
}

/** Removes an expected echo. */
export const dropEcho = (expected: ExpectedEchoes, echo: ExpectedEcho): void => {
  const index = expected.indexOf(echo)
  if (index >= 0) expected.splice(index, 1)
}

/** The most similar echo, the oldest of several; none when none is similar enough. */
const mostAlike = (candidates: ReadonlyArray<ExpectedEcho>, text: string, least: number): ExpectedEcho | undefined => {
  let best: ExpectedEcho | undefined
  let reached = least
  for (const candidate of candidates) {
    const value = likeness(candidate.text, text)
    if (best === undefined ? value < reached : value <= reached) continue
    best = candidate
    reached = value
  }
  return best
}

/**
 * An own line came: the reply of this conversation whose echo it is, the one it is most like; order decides only among
 * those alike. A reply that was refused has no echo, unless the line is that very reply: then it was another line that
 * was refused. None when another program spoke with the bot's account (F1).
 */
export const confirmEcho = (
  expected: ExpectedEchoes,
  user: UserKey | undefined,
  text: string
): ExpectedEcho | undefined => {
  const candidates = expected.filter((echo) => echo.with === user)
  const open = candidates.filter(({ refusal }) => refusal === undefined)
  const echo = mostAlike(open, text, 1) ?? mostAlike(candidates, text, 1) ?? mostAlike(open, text, alike)
  if (echo !== undefined) dropEcho(expected, echo)
  return echo
}

/**
 * The room refused a line, of those that went where `target` says if it does: the oldest, as the room takes them in
 * order and what it took before has come back (WIRE, refusals). A kick refuses all of them. The replies it concerns.
 */
export const refuseEcho = (
  expected: ExpectedEchoes,
  { kind, target }: Pick<Refusal, "kind" | "target">
): ReadonlyArray<ExpectedEcho> => {
  const open = expected.filter(({ refusal, with: user }) =>
    refusal === undefined && (target === undefined || (target === "pm") === (user !== undefined))
  )
  const refusals = kind === "kick" ? open : open.slice(0, 1)
  for (const echo of refusals) echo.refusal = kind
  return refusals
}
