// The page of a replay: its figures and its timeline. All that comes from the room reaches it as text.
import { html, render, useEffect, useReducer, useState } from "/vendor/htm-preact.js"
import { count } from "../words.js"
import { filterOf, runs, two } from "./data.js"
import { beginning, change } from "./list.js"
import { Summary } from "./summary.js"
import { Timeline } from "./timeline.js"

const [a, b] = runs.map(({ summary }) => summary)

const About = () => {
  const to = a.from.slice(0, 10) === a.to.slice(0, 10) ? a.to.slice(11) : a.to
  return html`<p class="small">
    ${two ? `A: ${a.config}, B: ${b.config}` : `with ${a.config}`} · ${
    a.events === 0 ? "no event in it" : `${a.from} to ${to} UTC, ${count(a.events, "event")}`
  }
  </p>`
}

const Header = ({ view }) =>
  html`<header>
  <div><h1>Replay of ${a.log}</h1><${About} /></div>
  <nav aria-label="Views">
    <a href="#summary" aria-current=${view === "summary" ? "page" : undefined}>Summary</a>
    <a href="#timeline" aria-current=${view === "timeline" ? "page" : undefined}>Timeline</a>
  </nav>
</header>`

/** `#summary`, `#timeline`, `#at-<epoch ms>`, `#<filter>`, `#<filter>-<row>`: the view, and what it changes. */
const addressed = () => {
  const [, what, number] = /^#([a-z_]+)(?:-(\d+))?$/.exec(location.hash) ?? []
  const index = number === undefined ? undefined : Number(number)
  if (what === "timeline") return { view: "timeline" }
  if (what === "at") return { view: "timeline", action: { type: "at", ms: index } }
  return filterOf(what) ? { view: "timeline", action: { type: "go", filter: what, index } } : { view: "summary" }
}

const Page = () => {
  const [view, setView] = useState(() => addressed().view)
  const [state, dispatch] = useReducer(change, beginning)
  const follow = () => {
    const { action, view } = addressed()
    setView(view)
    if (action) dispatch(action)
  }
  useEffect(() => {
    follow()
    addEventListener("hashchange", follow)
    const onKey = ({ key }) => key === "Escape" && dispatch({ type: "close" })
    document.addEventListener("keydown", onKey)
    return () => {
      removeEventListener("hashchange", follow)
      document.removeEventListener("keydown", onKey)
    }
  }, [])
  const go = (index) => {
    if (index === undefined) return
    history.replaceState(undefined, "", `#${state.filter}-${index}`)
    dispatch({ type: "go", filter: state.filter, index })
  }
  return html`
    <${Header} view=${view} />
    ${
    view === "summary"
      ? html`<main class="summary" aria-label="Summary" tabindex="-1"><${Summary} /></main>`
      : html`<${Timeline} change=${dispatch} go=${go} state=${state} />`
  }
  `
}

document.title = `Replay of ${a.log}`
const place = document.getElementById("page")
place.replaceChildren()
render(html`<${Page} />`, place)
