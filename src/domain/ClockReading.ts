/**
 * A reading of both clocks. Limits, cooldowns and deadlines run on `monotonic`, which never goes back; identity,
 * staleness and the ages of lines on `wall` (F1, clock).
 */
export interface ClockReading {
  /** Epoch ms. */
  readonly wall: number
  /** ms since some fixed point. */
  readonly monotonic: number
}
