/** Puts the deltas of a stream together to one text, each thing told once (F5). */
export interface DeltaText {
  /** Takes the next delta; `ending` when its event also carries the finish reason. */
  readonly add: (delta: string, ending: boolean) => void
  /** The text so far. */
  readonly text: () => string
}

const hasWord = (text: string): boolean => /\p{L}{3}/u.test(text)
/** Enough text that saying it twice at once is no accident of tokens: two words, or some letters without blanks. */
const isPhrase = (text: string): boolean => /\S\s+\S/u.test(text.trim()) || text.trim().length >= 8

const commonPrefix = (one: string, other: string): number => {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

/** A delta that tells the whole again, maybe with its end or with small corrections. */
const restates = (delta: string, before: string): boolean => {
  const [told, known] = [delta.trim(), before.trim()]
  if (!isPhrase(known) || told.length < known.length * 0.8) return false
  return told.startsWith(known) || (known.length >= 24 && commonPrefix(told, known) >= 16)
}

/** Deltas as the protocol means them: each the next piece; one that tells the whole again at the end replaces it. */
const pieces = (): DeltaText => {
  let sum = ""
  let last = ""
  // Only when nothing follows is it a repetition: a song has its refrain twice.
  let whole: string | undefined
  let held = ""
  return {
    add: (delta, ending) => {
      if (ending && delta === last && hasWord(delta)) return
      held += delta
      if (restates(delta, whole ?? sum)) whole = delta
      else if (whole === undefined || delta.trim() !== "") {
        sum += held
        held = ""
        whole = undefined
      }
      last = delta
    },
    text: () => whole ?? sum
  }
}

/** Servers that send with each delta all that came before: nothing as soon as one does not. */
const cumulative = () => {
  let text: string | undefined = ""
  let grown = false
  return {
    add: (delta: string): void => {
      if (text === undefined || delta.trim() === "") return
      const known = text.trimEnd()
      if (/\p{L}/u.test(known) && delta.trimEnd().length > known.length) grown = true
      text = delta.startsWith(known) ? delta : undefined
    },
    text: (): string | undefined => grown ? text : undefined
  }
}

/** Proxies that send every event twice: nothing as soon as two neighbours differ, nor for `ha ha ha ha`. */
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

/** A text that grows by deltas, whatever way its server has of telling things again. */
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
