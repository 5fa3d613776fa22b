// Every event and, beside it, what was decided on the chosen one.
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/vendor/htm-preact.js"
import { Asking, Story } from "../story.js"
import { count, grouped } from "../words.js"
import { dayOf, filters, hourOf, leftOut, letters, minuteOf, momentOf, recordOf, rows, runs, two } from "./data.js"
import { neighbour } from "./list.js"
import { Hours, hoursOf, Rows } from "./rows.js"

const Side = ({ row, side, told }) =>
  html`
  ${
    side !== undefined &&
    html`<h3 class="side"><span class="letter ${"ab"[side]}">${letters[side]}</span>${runs[side].summary.config}</h3>`
  }
  ${
    told === undefined
      ? html`<p class="outcome">No such decision</p>`
      : html`<${Story} bot="Bot" record=${recordOf(row, told)} />`
  }
`

const isAlike = ({ change, told: [a, b] }) =>
  two && change === undefined && a?.story === b?.story && a?.headline === b?.headline &&
  a?.detail === b?.detail

const Decision = ({ row }) => {
  const alike = isAlike(row)
  const told = alike ? row.told.slice(0, 1) : row.told
  return html`
    <${Asking} record=${{ eventType: row.type, story: row }} text=${row.text} time=${`${momentOf(row.at)} UTC`} />
    ${row.type === "contextual" && html`<p class="small" dir="auto">After ${row.user}: ${row.text}</p>`}
    ${alike && html`<p class="small">A and B decide alike.</p>`}
    ${
    told.map((one, side) =>
      html`<${Side} key=${side} row=${row} told=${one} side=${two && !alike ? side : undefined} />`
    )
  }
  `
}

const Panel = ({ change, go, state }) => {
  const story = useRef()
  const row = rows[state.selected]
  useEffect(() => {
    story.current.scrollTop = 0
  }, [state.selected])
  const step = (by) => () => go(neighbour(state, by))
  return html`<aside class="decision" aria-labelledby="decision-title">
    <div class="bar">
      <h2 id="decision-title">Why</h2>
      <button type="button" class="small" aria-label="The one before" onClick=${step(-1)}>↑</button>
      <button type="button" class="small" aria-label="The next one" onClick=${step(1)}>↓</button>
      <button type="button" class="small close" onClick=${() => change({ type: "close" })}>Close</button>
    </div>
    <div class="story" ref=${story} tabindex="0" role="region" aria-label="The decision">${
    row === undefined
      ? html`<p class="small">Choose an event: what the bot decided about it shows here, gate by gate.</p>`
      : html`<${Decision} row=${row} />`
  }</div>
  </aside>`
}

const Tools = ({ change, hour, hours, state }) => {
  const [typed, setTyped] = useState(state.words)
  useEffect(() => setTyped(state.words), [state.words])
  useEffect(() => {
    if (typed === state.words) return
    const timer = setTimeout(() => change({ type: "filter", words: typed }), 150)
    return () => clearTimeout(timer)
  }, [typed])
  const found = state.found.length
  return html`<div class="tools">
    <select aria-label="Show" value=${state.filter} onChange=${({ target }) =>
    change({ type: "filter", filter: target.value })}>
      ${filters.map(({ found, key, words }) => html`<option value=${key}>${words} (${grouped(found.length)})</option>`)}
    </select>
    <select id="jump" aria-label="Hour" value=${hour} onChange=${({ target }) =>
    change({ type: "at", ms: Number(target.value) })}>
      ${
    hours.map(({ count, hour }) =>
      html`<option value=${hour}>${dayOf(hour)} ${minuteOf(hour)} (${grouped(count)})</option>`
    )
  }
    </select>
    <input
      type="search" aria-label="Find in what was said" placeholder="Find a name or words" spellcheck="false"
      autocomplete="off" value=${typed} onInput=${({ target }) => setTyped(target.value)}
    />
    <p class="small" role="status">${
    [found === 0 ? "Nothing like that." : `${count(found, "event")} shown, times in UTC.`, ...leftOut].join(" ")
  }</p>
  </div>`
}

const rowAt = (scroller, index) => scroller.querySelector(`.row[data-index="${index}"]`)

/** The hour at the top of the list. */
const hourAtTop = (scroller) => {
  const { top } = scroller.getBoundingClientRect()
  const first = [...scroller.querySelectorAll(".row")].find((node) => node.getBoundingClientRect().bottom > top)
  return first === undefined ? undefined : hourOf(rows[Number(first.dataset.index)].at)
}

/** The list scrolls to where it began anew, to the row that was chosen, or stays where it was. */
const useScrolling = (scroller, state) => {
  const height = useRef(0)
  useLayoutEffect(() => {
    scroller.current.scrollTop = 0
  }, [state.list])
  useLayoutEffect(() => {
    const node = rowAt(scroller.current, state.selected)
    if (state.focus) node?.focus({ preventScroll: true })
    node?.scrollIntoView({ block: "nearest" })
  }, [state.chosen])
  useLayoutEffect(() => {
    if (height.current > 0) scroller.current.scrollTop += scroller.current.scrollHeight - height.current
    height.current = 0
  }, [state.from])
  return () => {
    height.current = scroller.current.scrollHeight
  }
}

const useHour = (scroller, state) => {
  const [hour, setHour] = useState()
  const marking = useRef(false)
  const mark = () => {
    marking.current = false
    setHour(hourAtTop(scroller.current))
  }
  useLayoutEffect(mark, [state.list, state.from])
  useEffect(() => {
    document.querySelector("#hours [aria-current]")?.scrollIntoView({ block: "nearest" })
  }, [hour])
  const onScroll = () => {
    if (marking.current) return
    marking.current = true
    requestAnimationFrame(mark)
  }
  return { hour, onScroll }
}

export const Timeline = ({ change, go, state }) => {
  const { found, from, selected, to } = state
  const scroller = useRef()
  const hours = useMemo(() => hoursOf(found), [found])
  const list = useMemo(() => html`<${Rows} found=${found} from=${from} to=${to} selected=${selected} />`, [
    found,
    from,
    to,
    selected
  ])
  const keepPlace = useScrolling(scroller, state)
  const { hour, onScroll } = useHour(scroller, state)

  const onClick = ({ target }) => {
    const node = target.closest(".row")
    if (node && getSelection().isCollapsed) go(Number(node.dataset.index))
  }
  const onKey = (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const node = event.target.closest(".row")
    if (by === undefined || node === null) return
    event.preventDefault()
    go(neighbour({ ...state, selected: selected ?? Number(node.dataset.index) }, by))
  }
  const earlier = () => {
    keepPlace()
    change({ type: "earlier" })
  }
  return html`<main class="timeline ${selected === undefined ? "" : "open"}" aria-label="Timeline">
    <${Tools} change=${change} hour=${hour} hours=${hours} state=${state} />
    <${Hours} hours=${hours} current=${hour} onChoose=${(ms) => change({ type: "at", ms })} />
    <div id="scroller" ref=${scroller} onScroll=${onScroll} onClick=${onClick} onKeyDown=${onKey}>
      ${from > 0 && html`<button type="button" class="small more" onClick=${earlier}>Show earlier</button>`}
      ${list}
      ${
    to < found.length && html`<button type="button" class="small more" onClick=${() => change({ type: "later" })}
      >Show later</button>`
  }
    </div>
    <${Panel} change=${change} go=${go} state=${state} />
  </main>`
}
