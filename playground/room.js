// The room as its viewers see it, each line marked with what the bot decided on it.
import { Component, html, useEffect, useMemo, useRef, useState } from "/vendor/htm-preact.js"
import { choose, update } from "./store.js"
import { timeOf, verdictOf } from "./words.js"

/** How many hues names are told apart by (room.css). */
const hues = 6
const hueOf = (name) =>
  [...name.toLowerCase()].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7) % hues

const isLook = ({ eventType }) => eventType === "contextual"

/** Lines, and the bot's looks at the room between them, in order of time. */
const rowsOf = (lines, decisions) => {
  const looks = [...decisions.values()].filter(isLook).map((record) => ({
    kind: "look",
    text: "",
    time: record.arrivedAt,
    correlation_id: record.correlationId
  }))
  return [...lines, ...looks].map((line, index) => ({ line, index }))
    .toSorted((one, other) => one.line.time - other.line.time || one.index - other.index)
    .map(({ line }) => line)
}

const Mark = ({ verdict }) =>
  html`<span class="verdict ${verdict.tone}">
  <span>${verdict.short}</span><i class="mark ${verdict.tone}"></i>
</span>`

const Words = ({ line }) => {
  switch (line.kind) {
    case "media":
      return html`<span class="text">▸ Now playing <b dir="auto">${line.text}</b></span>`
    case "look":
      return html`<span class="text">The bot looked at the room</span>`
    default:
      return html`<b class="name hue${line.bot ? "-bot" : hueOf(line.username)}" dir="auto">${line.username}</b>
        ${line.kind === "pm" && html`<span class="private">${line.bot ? `private to ${line.to}` : "private"}</span>`}
        ${" "}<span class="text" dir="auto">${line.text}</span>`
  }
}

/** One line; drawn anew only when something about it is different. */
class Line extends Component {
  shouldComponentUpdate({ choice, id, line, record }) {
    return choice !== this.props.choice || id !== this.props.id || line !== this.props.line ||
      record?.outcome !== this.props.record?.outcome || (record === undefined) !== (this.props.record === undefined)
  }

  render({ choice, id, line, record }) {
    const verdict = line.bot || record === undefined ? undefined : verdictOf(record)
    return html`<li
      id=${id} role="option" aria-selected=${choice === "chosen" ? "true" : "false"} data-id=${line.correlation_id}
      class="line ${line.kind} ${line.bot ? "bot" : ""} ${choice}"
    >
      <time>${timeOf(line.time)}</time>
      <div class="words"><${Words} line=${line} /></div>
      ${verdict && html`<${Mark} verdict=${verdict} />`}
    </li>`
  }
}

/** What the bot is writing right now. */
const Typing = ({ bot, decisions }) => {
  const writing = [...decisions.values()].filter(({ content, outcome }) => outcome === undefined && content?.prompt)
  return writing.slice(-3).map(({ content, correlationId }) =>
    html`<p class="typing" key=${correlationId}>
    <b class="name hue-bot">${bot}</b> <span class="text" dir="auto">${content.answer ?? ""}</span><i class="caret"></i>
  </p>`
  )
}

const Empty = ({ bot }) =>
  html`<div class="empty">
  <h2>A room of your own</h2>
  <p>Type below as any viewer. ${bot ?? "The bot"} decides on every line as it would in a real room, and the mark beside
  the line says what it decided: choose a line to see why.</p>
</div>`

/** Keeps the end of the log in view, unless the person has scrolled away from it. */
const useEndOfLog = (scroller, changes) => {
  const [atEnd, setAtEnd] = useState(true)
  useEffect(() => {
    if (atEnd && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight
  }, changes)
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (atEnd) scroller.current.scrollTop = scroller.current.scrollHeight
    })
    observer.observe(scroller.current)
    return () => observer.disconnect()
  }, [atEnd])
  const onScroll = () => {
    const { clientHeight, scrollHeight, scrollTop } = scroller.current
    setAtEnd(scrollHeight - scrollTop - clientHeight < 48)
  }
  return { atEnd, onScroll, toEnd: () => setAtEnd(true) }
}

const optionId = (index) => `line-${index}`

export const Room = ({ state }) => {
  const { decisions, lines, room, selected } = state
  const scroller = useRef()
  const rows = useMemo(() => rowsOf(lines, decisions), [lines, decisions])
  const { atEnd, onScroll, toEnd } = useEndOfLog(scroller, [rows, decisions, state.tab])
  const here = rows.findIndex(({ correlation_id }) => correlation_id === selected)

  const go = (index) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))]
    if (row === undefined) return
    choose(row.correlation_id)
    document.getElementById(optionId(rows.findIndex((one) => one.correlation_id === row.correlation_id)))
      ?.scrollIntoView({ block: "nearest" })
  }
  const choiceOf = ({ correlation_id }, index) =>
    index === here ? "chosen" : correlation_id === selected ? "related" : ""
  const before = () => rows.findLastIndex((row, index) => index < here && row.correlation_id !== selected)
  const after = () => rows.findIndex((row, index) => index > here && row.correlation_id !== selected)
  const onKey = (event) => {
    const to = {
      ArrowUp: () => here < 0 ? rows.length - 1 : before(),
      ArrowDown: () => here < 0 ? rows.length - 1 : after() < 0 ? here : after(),
      Home: () => 0,
      End: () => rows.length - 1
    }[event.key]
    if (to) {
      event.preventDefault()
      go(to())
    } else if (event.key === "Enter" && here >= 0) {
      update({ tab: "decision" })
      requestAnimationFrame(() => document.getElementById("decision").focus())
    } else if (event.key === "Escape") document.getElementById("message").focus()
  }
  const onClick = ({ target }) => {
    const row = target.closest("[data-id]")
    if (row === null || !getSelection().isCollapsed) return
    choose(row.dataset.id)
    update({ tab: "decision" })
  }

  return html`<div class="log">
    <div class="scroller" ref=${scroller} onScroll=${onScroll}>
      ${
    rows.length === 0 ? html`<${Empty} bot=${room?.bot} />` : html`<ol
        id="lines" role="listbox" tabindex="0" aria-label="Lines of the room; up and down choose one"
        aria-activedescendant=${here < 0 ? undefined : optionId(here)} onKeyDown=${onKey} onClick=${onClick}
      >
        ${
      rows.map((line, index) =>
        html`<${Line}
          key=${`${line.correlation_id}${line.bot ? "/bot" : line.kind}`} id=${optionId(index)} line=${line}
          record=${decisions.get(line.correlation_id)} choice=${choiceOf(line, index)}
        />`
      )
    }
      </ol>`
  }
      <${Typing} bot=${room?.bot} decisions=${decisions} />
    </div>
    ${!atEnd && html`<button type="button" class="latest" onClick=${toEnd}>Newest lines ↓</button>`}
  </div>`
}
