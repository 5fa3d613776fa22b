import type { Media } from "../ChatEvent.ts"

/** Whether other media began: the same type and id sent again, as on every join, is no change (F4). */
export const isMediaChange = (known: Media | undefined, media: Media): boolean =>
  known === undefined || known.type !== media.type || known.id !== media.id

/** ms left of the silence after a media change, which is over at exactly t + c. Times are monotonic ms. */
export const silenceRemaining = (changedAt: number | undefined, cooldownSeconds: number, now: number): number =>
  changedAt === undefined ? 0 : Math.max(0, changedAt + cooldownSeconds * 1000 - now)
