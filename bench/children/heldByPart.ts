import process from "node:process"

/** The heap and the bytes beside it after two collections: the first leaves what finalizers hold. */
const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

/**
 * What each part of the values holds, in bytes a value: lets go of one part after the other, in all of them, and sees by
 * how much the heap shrinks. What two parts share counts for the later one. Nothing works afterwards.
 */
export const heldByPart = (values: ReadonlyArray<object>): Readonly<Record<string, number>> => {
  const parts = new Set(values.flatMap((value) => Object.keys(value)))
  const held: Record<string, number> = {}
  let before = heap()
  for (const part of parts) {
    for (const value of values) Reflect.set(value, part, undefined)
    const after = heap()
    held[part] = (before - after) / values.length
    before = after
  }
  return held
}
