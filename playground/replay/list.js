// The rows of the timeline that are shown, and every way that changes. Nothing here touches the page.
import { filterOf, filters, rows } from "./data.js"

/** How many rows are added to the list at a time. */
const page = 200
/** How many rows are shown before the one that is gone to. */
const before = 5

/** The rows a filter and a search let through. */
const search = (filter, words) => {
  const { found } = filterOf(filter) ?? filters[0]
  const wanted = words.trim().toLowerCase()
  if (wanted === "") return found
  return found.filter((index) => {
    const { text, user } = rows[index]
    return text.toLowerCase().includes(wanted) || user.toLowerCase().includes(wanted)
  })
}

/** The list from a place of `found` on; `list` counts how often it began anew. */
const from = (state, place) => {
  const first = Math.max(0, Math.min(place, state.found.length - 1))
  return { ...state, from: first, to: Math.min(state.found.length, first + page), list: state.list + 1 }
}

const filtered = (state, filter, words) => ({ ...state, filter, words, found: search(filter, words) })

/** The row is chosen, and in the list wherever it is. `chosen` counts how often one was. */
const reveal = (state, index, focus) => {
  const place = state.found.indexOf(index)
  const isShown = place < 0 || (place >= state.from && place < state.to)
  return { ...(isShown ? state : from(state, place - before)), selected: index, focus, chosen: state.chosen + 1 }
}

/** The first found row at or after a moment. */
const placeAt = ({ found }, ms) => {
  let [low, high] = [0, found.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[found[middle]].at < ms) low = middle + 1
    else high = middle
  }
  return low
}

/** The row so many places after the chosen one, or the first of the list. */
export const neighbour = ({ found, from: first, selected }, by) => {
  const here = found.indexOf(selected)
  return found[here < 0 ? first : here + by]
}

export const beginning = from(filtered({ list: 0, chosen: 0 }, filters[0].key, ""), 0)

export const change = (state, action) => {
  switch (action.type) {
    case "at":
      return from(state, placeAt(state, action.ms))
    case "close":
      return { ...state, selected: undefined, focus: false }
    case "earlier":
      return { ...state, from: Math.max(0, state.from - page) }
    case "later":
      return { ...state, to: Math.min(state.found.length, state.to + page) }
    case "filter": {
      const next = filtered(state, action.filter ?? state.filter, action.words ?? state.words)
      const place = next.found.indexOf(state.selected)
      return from(next, place < 0 ? 0 : place - before)
    }
    case "go": {
      const { filter, index } = action
      const anew = filter !== state.filter || (state.words !== "" && !state.found.includes(index))
      const next = anew ? from(filtered(state, filter, ""), 0) : state
      return index === undefined ? next : reveal(next, index, true)
    }
  }
}
