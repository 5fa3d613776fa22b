// What the summary is made of: cards, tables, bars and lists.
import { html, useState } from "/vendor/htm-preact.js"
import { grouped } from "../words.js"
import { filterOf, letters, momentOf, rows, two, whyOf } from "./data.js"

export const Card = ({ children, className = "", title }) =>
  html`<section class="card ${className}"><h2>${title}</h2>${children}</section>`

/** What has to be scrolled sideways can be reached with the keyboard. */
export const Scroll = ({ children, label }) =>
  html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>${children}</div>`

/** A table; a heading in brackets is only heard. */
const Table = ({ heads, lines, title }) =>
  html`<${Scroll} label=${title}><table>
    <thead><tr>${
    heads.map(([words, className]) =>
      html`<th scope="col" class=${className}>${
        words.startsWith("(") ? html`<span class="unseen">${words.slice(1, -1)}</span>` : words
      }</th>`
    )
  }</tr></thead>
    <tbody>${
    lines.map((cells) =>
      html`<tr>${
        cells.map((cell, index) =>
          index === 0
            ? html`<th scope="row" dir="auto" class=${heads[0][1]}>${cell}</th>`
            : html`<td dir="auto" class=${heads[index][1]}>${cell}</td>`
        )
      }</tr>`
    )
  }</tbody>
  </table><//>`

/** A card with nothing but a table. */
export const TableCard = ({ className, heads, lines, title }) =>
  html`<${Card} title=${title} className=${className}><${Table} title=${title} heads=${heads} lines=${lines} /><//>`

/** Values of A and B as bars. */
export const Bars = ({ most, values }) =>
  values.map((value, side) =>
    html`<i class="share ${"ab"[side]} ${value === 0 ? "none" : ""}" style=${{
      width: most > 0 ? `${(100 * value) / most}%` : "0"
    }}></i>`
  )

/** The reason of a silence, or an error: a link to its rows where there are any. */
export const Reason = ({ name, text }) =>
  html`${filterOf(`why_${name}`) ? html`<a class="quiet" href="#why_${name}">${text}</a>` : text} <code>${name}</code>`

const Why = ({ told }) =>
  told.map((one, side) =>
    one &&
    html`<p class="small" dir="auto">${two && `${letters[side]}: `}${
      one.details?.reply === undefined ? whyOf(one) : `“${one.details.reply}”`
    }</p>`
  )

const Entry = ({ index, name }) => {
  const row = rows[index]
  return html`<li><a href="#${name}-${index}">
    <p><span class="small number">${momentOf(row.at)} </span><b class="name" dir="auto">${row.user}</b>
      ${row.type === "pm" && html`<span class="private">private</span>`}</p>
    <p dir="auto">${row.text}</p>
    <${Why} told=${row.told} />
  </a></li>`
}

const [firstListed, listed] = [8, 200]

/** A list of rows one can go to, a page at a time. */
export const ListCard = ({ about, name, title }) => {
  const [shown, setShown] = useState(firstListed)
  const found = filterOf(name)?.found
  if (found === undefined) return undefined
  return html`<${Card} title=${`${title} (${grouped(found.length)})`}>
    ${about && html`<p class="small">${about}</p>`}
    <ol class="links">${
    found.slice(0, shown).map((index) => html`<${Entry} key=${index} index=${index} name=${name} />`)
  }</ol>
    ${
    shown < found.length && html`<button type="button" class="small" onClick=${() => setShown(shown + listed)}
    >Show more</button>`
  }
  <//>`
}
