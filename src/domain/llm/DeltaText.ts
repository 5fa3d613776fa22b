/** Joins the deltas of a stream to one text, without repetitions (F5). */
export interface DeltaText {
  /** Adds the next delta; `ending` when its event also carries the finish reason. */
  readonly add: (delta: string, ending: boolean) => void
  /** The text so far. */
  readonly text: () => string
}

const hasWord = (text: string): boolean => /\p{L}{3}/u.test(text)
/** Enough text that a repetition is no accident of tokens: two words, or some letters without blanks. */
const isPhrase = (text: string): boolean => /\S\s+\S/u.test(text.trim()) || text.trim().length >= 8

const commonPrefix = (one: string, other: string): number => {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

/** A delta that repeats the whole, maybe with its end or with small corrections. */
const restates = (delta: string, before: string): boolean => {
  const [next, soFar] = [delta.trim(), before.trim()]
  if (!isPhrase(soFar) || next.length < soFar.length * 0.8) return false
  return next.startsWith(soFar) || (soFar.length >= 24 && commonPrefix(next, soFar) >= 16)
}

/** Deltas as the protocol means them: each the next piece; one that repeats the whole at the end replaces it. */
const pieces = (): DeltaText => {
  let sum = ""
  let last = ""
  // It is a repetition only when nothing follows: a song has its refrain twice.
  let whole: string | undefined
  let pending = ""
  return {
    add: (delta, ending) => {
      if (ending && delta === last && hasWord(delta)) return
      pending += delta
      if (restates(delta, whole ?? sum)) whole = delta
      else if (whole === undefined || delta.trim() !== "") {
        sum += pending
        pending = ""
        whole = undefined
      }
      last = delta
    },
    text: () => whole ?? sum
  }
}

/** Cumulative deltas: each repeats all text before it; undefined as soon as one does not. */
const cumulative = () => {
  let text: string | undefined = ""
  let grown = false
  return {
    add: (delta: string): void => {
      if (text === undefined || delta.trim() === "") return
      const soFar = text.trimEnd()
      if (/\p{L}/u.test(soFar) && delta.trimEnd().length > soFar.length) grown = true
      text = delta.startsWith(soFar) ? delta : undefined
    },
    text: (): string | undefined => grown ? text : undefined
  }
}

/** Doubled deltas, from proxies that send every event twice: undefined as soon as two neighbours differ, and for `ha ha ha ha`. */
const doubled = () => {
  let text: string | undefined = ""
  let odd: string | undefined
  const pairs = new Set<string>()
  return {
    add: (delta: string): void => {
      if (text === undefined || delta === "") return
      if (odd === undefined) {
        odd = delta
        text += delta
      } else if (odd === delta) {
        if (pairs.size < 3 && hasWord(delta)) pairs.add(delta)
        odd = undefined
      } else text = undefined
    },
    text: (): string | undefined => pairs.size >= 2 ? text : undefined
  }
}

/** A text that grows by deltas, in any way a server repeats itself. */
export const deltaText = (): DeltaText => {
  const readings = { plain: pieces(), cumulative: cumulative(), doubled: doubled() }
  return {
    add: (delta, ending) => {
      readings.plain.add(delta, ending)
      readings.cumulative.add(delta)
      readings.doubled.add(delta)
    },
    text: () => readings.cumulative.text() ?? readings.doubled.text() ?? readings.plain.text()
  }
}
