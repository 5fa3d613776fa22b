import type { Refusal } from "../ChatEvent.ts"
import type { UserKey } from "../Ids.ts"
import { alike, likeness } from "./EchoLikeness.ts"

/** A sent reply whose echo has not arrived yet (F8). */
export interface ExpectedEcho {
  /** The recipient of a private reply; absent for a line in the room. */
  readonly with: UserKey | undefined
  readonly text: string
  /** When it left, epoch ms. */
  readonly at: number
  /** It came back. */
  seen: boolean
  /** The bot did not hear the room for a while since: its echo may have come meanwhile, so no refusal is taken for its. */
  unheard: boolean
  /** It did not come back in time: only the very same line is its echo now. */
  overdue: boolean
  /** Why the room refused it, once it said so. */
  refusal: Refusal["kind"] | undefined
}

/** A channel's replies that wait for their echo, oldest first; the limits bound them. */
export type ExpectedEchoes = Array<ExpectedEcho>

/** Waits for the echo of a reply from now on. */
export const expectEcho = (
  expected: ExpectedEchoes,
  line: Pick<ExpectedEcho, "with" | "text" | "at">
): ExpectedEcho => {
  const echo: ExpectedEcho = { ...line, seen: false, unheard: false, overdue: false, refusal: undefined }
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
 * was refused. None when somebody else spoke with the bot's account (F1). `byOrder` is version 0.1's way: else the oldest.
 */
export const confirmEcho = (
  expected: ExpectedEchoes,
  user: UserKey | undefined,
  text: string,
  byOrder = false
): ExpectedEcho | undefined => {
  const candidates = expected.filter((echo) => echo.with === user)
  const open = candidates.filter(({ overdue, refusal }) => !overdue && refusal === undefined)
  const echo = mostAlike(open, text, 1) ?? mostAlike(candidates, text, 1) ?? mostAlike(open, text, alike) ??
    (byOrder ? candidates[0] : undefined)
  if (echo === undefined) return undefined
  echo.seen = true
  dropEcho(expected, echo)
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
  const open = expected.filter(({ overdue, refusal, unheard, with: user }) =>
    !overdue && !unheard && refusal === undefined &&
    (target === undefined || (target === "pm") === (user !== undefined))
  )
  const refusals = kind === "kick" ? open : open.slice(0, 1)
  for (const echo of refusals) echo.refusal = kind
  return refusals
}

/** So many lines a room sends again on every join (WIRE, room behaviour). */
const historyLines = 15

/**
 * Whether a line of the bot would be among those that the room sends again on a join, by the lines that are known: it is
 * still there, and fewer than that many came after it. A private line never is.
 */
export const isInHistory = (echo: ExpectedEcho, lines: ReadonlyArray<{ readonly time: number }>): boolean => {
  const later = lines.filter(({ time }) => time > echo.at).length
  return echo.with === undefined && later < Math.min(lines.length, historyLines)
}
