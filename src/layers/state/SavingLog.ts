import { Effect } from "effect"

/** One warning when a place takes nothing any more, one line when it does again. */
export const makeSavingLog = (place: string) => {
  let failing = false
  return {
    isFailing: (): boolean => failing,
    failed: (detail: string): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (failing) return Effect.void
        failing = true
        return Effect.logWarning(`State is not saved in ${place}, the bot goes on without: ${detail}`)
      }),
    saved: Effect.suspend(() => {
      if (!failing) return Effect.void
      failing = false
      return Effect.logInfo(`State is saved in ${place} again`)
    })
  }
}
