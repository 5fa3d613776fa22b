// The words that went and the words that came, between two texts.

/** Above this many words a side, the middle is shown as replaced: nobody reads a longer one word by word. */
const maximum = 400

const wordsOf = (text) => text.match(/\s+|[\p{L}\p{M}\p{N}'’]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? []

/** How many parts the two share from the end given by `at`. */
const shared = (before, after, most, at) => {
  let length = 0
  while (length < most && at(before, length) === at(after, length)) length++
  return length
}

/** The longest common subsequence of two short lists, as pieces. */
const pieces = (before, after) => {
  if (before.length > maximum || after.length > maximum) {
    return [...before.map((text) => ({ kind: "gone", text })), ...after.map((text) => ({ kind: "new", text }))]
  }
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1))
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const without = Math.max(lengths[i + 1][j], lengths[i][j + 1])
      lengths[i][j] = before[i] === after[j] ? lengths[i + 1][j + 1] + 1 : without
    }
  }
  const found = []
  let [i, j] = [0, 0]
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      found.push({ kind: "same", text: before[i] })
      i++
      j++
    } else if (j >= after.length || i < before.length && lengths[i + 1][j] >= lengths[i][j + 1]) {
      found.push({ kind: "gone", text: before[i++] })
    } else found.push({ kind: "new", text: after[j++] })
  }
  return found
}

/** Neighbours of one kind become one piece. */
const joined = (found) =>
  found.reduce((list, { kind, text }) => {
    const last = list.at(-1)
    if (last?.kind === kind) last.text += text
    else list.push({ kind, text })
    return list
  }, [])

/** `[{ kind: "same" | "gone" | "new", text }]`, in reading order. */
export const diff = (one, other) => {
  const before = wordsOf(one)
  const after = wordsOf(other)
  const shorter = Math.min(before.length, after.length)
  const head = shared(before, after, shorter, (words, index) => words[index])
  const tail = shared(before, after, shorter - head, (words, index) => words.at(-1 - index))
  const same = (words) => words.map((text) => ({ kind: "same", text }))
  return joined([
    ...same(before.slice(0, head)),
    ...pieces(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail))
  ])
}
