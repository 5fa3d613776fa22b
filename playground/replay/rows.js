// The list of events, each with what was decided on it, and the hours beside it.
import { Component, html } from "/vendor/htm-preact.js"
import { grouped } from "../words.js"
import { dayOf, hourOf, letters, minuteOf, rows, secondOf, some, timeline, two } from "./data.js"

const Badge = ({ addressed, told, who }) => {
  if (told === undefined) return html`<span class="badge">${who}–</span>`
  const tone = { replied: "good", failed: "bad" }[told.end] ?? (addressed ? "hold" : "")
  return html`<span class="badge ${tone}">${who}${timeline.shorts[told.end]}</span>`
}

/** One for A and one for B, or one for both where they end alike. */
const Badges = ({ row: { addressed, told } }) => {
  const alike = two && told[0]?.end === told[1]?.end
  return html`<span class="badges">${
    (alike ? told.slice(0, 1) : told).map((one, side) =>
      html`<${Badge} addressed=${addressed} told=${one} who=${two && !alike ? `${letters[side]} ` : ""} />`
    )
  }</span>`
}

const Replies = ({ told }) => {
  const replies = told.map((one) => one?.details?.reply)
  const alike = two && replies[0] === replies[1]
  return (alike ? replies.slice(0, 1) : replies).map((text, side) =>
    text !== undefined && html`<span class="answer" dir="auto">
    <b class="hue-bot">${two && !alike ? `Bot in ${letters[side]}: ` : "Bot: "}</b>${text}</span>`
  )
}

const toneOf = (row) => {
  if (some(row, (end) => end === "failed")) return "told failed"
  if (some(row, (end) => end === "replied")) return "told replied"
  return row.addressed ? "told missed" : ""
}

/** One event; drawn anew only when it is chosen or no longer is. */
class Row extends Component {
  shouldComponentUpdate({ chosen, stop }) {
    return chosen !== this.props.chosen || stop !== this.props.stop
  }

  render({ chosen, index, stop }) {
    const row = rows[index]
    return html`<li><button
      type="button" class="row ${toneOf(row)}" data-index=${index} tabindex=${stop ? 0 : -1}
      aria-current=${chosen ? "true" : undefined}
    >
      <time datetime=${new Date(row.at).toISOString()}>${secondOf(row.at)}</time>
      <span class="line-text" dir="auto">${
      row.type === "changeMedia" ?
        "▶ " :
        html`${row.type === "contextual" && "(look at the room) "}<b class="name">${row.user}: </b>`
    }${row.text}${row.type === "pm" && html`<span class="private">private</span>`}</span>
      <${Badges} row=${row} />
      <${Replies} told=${row.told} />
    </button></li>`
  }
}

/** What the list shows, under the hours. One row can be reached with the tab key, the others from it. */
export const Rows = ({ found, from, selected, to }) => {
  const shown = found.slice(from, to)
  const stop = shown.includes(selected) ? selected : shown[0]
  return html`<ol id="rows" aria-label="Events. The arrow keys move between them.">${
    shown.flatMap((index, place) => {
      const hour = hourOf(rows[index].at)
      const head = place === 0 || hourOf(rows[shown[place - 1]].at) !== hour
      return [
        head && html`<li key="at-${hour}" class="hour">${dayOf(hour)} ${minuteOf(hour)} UTC</li>`,
        html`<${Row} key=${index} index=${index} chosen=${index === selected} stop=${index === stop} />`
      ]
    })
  }</ol>`
}

/** How many of the found rows came in each hour: { hour, count }. */
export const hoursOf = (found) => {
  const counts = new Map()
  for (const index of found) {
    const hour = hourOf(rows[index].at)
    counts.set(hour, (counts.get(hour) ?? 0) + 1)
  }
  return [...counts].map(([hour, count]) => ({ hour, count }))
}

export const Hours = ({ current, hours, onChoose }) => {
  const most = Math.max(...hours.map(({ count }) => count))
  return html`<nav id="hours" aria-label="Hours">${
    hours.flatMap(({ count, hour }, place) => [
      (place === 0 || dayOf(hours[place - 1].hour) !== dayOf(hour)) && html`<p class="day">${dayOf(hour)}</p>`,
      html`<a key=${hour} href="#at-${hour}" aria-current=${hour === current ? "true" : undefined}
        onClick=${() => onChoose(hour)}
      >${minuteOf(hour)}<i class="share" style=${{ width: `${(100 * count) / most}%` }}></i>${grouped(count)}</a>`
    ])
  }</nav>`
}
