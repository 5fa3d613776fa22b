/** The first attempts to reconnect follow each other so soon, ms; somewhat later at random, as other clients come too. */
const firstMs = 250
const jitterMs = 100
/** A server that refuses the user is left alone so long at most, ms. */
const longestMs = 30_000
/** So many refusals may be a server's restart, or a password that is being changed. */
const patience = 8

/** The pause before each attempt to reconnect: short, but longer each time while the server refuses the user (F10). */
export interface ReconnectPause {
  /** The next pause, ms. */
  readonly next: () => number
  readonly onRefused: () => void
  readonly onConnected: () => void
}

/** The pauses of one connection; `jitter` is a number from 0 to 1. */
export const makeReconnectPause = (jitter: () => number): ReconnectPause => {
  let refusals = 0
  return {
    next: () => Math.min(longestMs, firstMs * 2 ** Math.max(0, refusals - patience)) + jitterMs * jitter(),
    onRefused: () => {
      refusals++
    },
    onConnected: () => {
      refusals = 0
    }
  }
}
