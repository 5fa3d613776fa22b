// The page as a whole: what it follows, and where everything stands.
import { html, render, useEffect, useState } from "/vendor/htm-preact.js"
import { follow, get } from "./api.js"
import { Composer } from "./composer.js"
import { Decision } from "./decision.js"
import { Room } from "./room.js"
import { Settings } from "./settings.js"
import { loadSettings } from "./settingsModel.js"
import * as store from "./store.js"
import { Clock, Tools } from "./tools.js"

const themes = { auto: "the system's", light: "light", dark: "dark" }
const names = Object.keys(themes)
const storedTheme = () => {
  try {
    return localStorage.getItem("theme") ?? "auto"
  } catch {
    return "auto"
  }
}

const Theme = () => {
  const [theme, setTheme] = useState(storedTheme)
  useEffect(() => {
    document.documentElement.dataset.theme = theme
    try {
      localStorage.setItem("theme", theme)
    } catch {
      // Private windows may refuse: the choice then lasts as long as the page.
    }
  }, [theme])
  const next = names[(names.indexOf(theme) + 1) % names.length]
  const label = `Colours: ${themes[theme]}`
  return html`<button
    type="button" class="theme ${theme}" aria-label=${label} title=${label} onClick=${() => setTheme(next)}
  ><i></i></button>`
}

const Header = ({ room }) =>
  html`<header class="top">
  <h1>llm-bot <span>playground</span></h1>
  ${
    room && html`<p class="about">
    <strong>${room.bot}</strong> in <strong>${room.channel}</strong><span class="model">${room.model}</span>
  </p>`
  }
  <${Clock} />
  <${Theme} />
</header>`

/** What is wrong, if anything. */
const Banner = ({ lost, notice }) =>
  html`<div role="status" class="banner-place">
  ${
    lost
      ? html`<p class="banner"><i class="mark waiting"></i>The playground does not answer. Trying again…</p>`
      : notice !== "" && html`<p class="banner">${notice}</p>`
  }
</div>`

const tabs = { room: "Room", decision: "Decision", settings: "Settings" }

/** On a narrow screen one part is seen at a time. */
const Tabs = ({ changed, tab }) =>
  html`<nav class="tabs" aria-label="Parts of the page">
  ${
    Object.entries(tabs).map(([name, label]) =>
      html`<button
    type="button" aria-current=${tab === name ? "page" : undefined} onClick=${() => store.update({ tab: name })}
  >${label}${name === "settings" && changed && html`<i class="dot"></i>`}</button>`
    )
  }
</nav>`

const Page = ({ state }) =>
  html`
  <${Header} room=${state.room} />
  <${Banner} lost=${state.lost} notice=${state.notice} />
  <${Settings}
    settings=${state.settings} startingYaml=${state.startingYaml} drafts=${state.drafts} section=${state.section}
    knob=${state.knob}
  />
  <main class="room" aria-label="Room">
    <${Tools} lines=${state.lines} />
    <${Room} state=${state} />
    <${Composer} room=${state.room} />
  </main>
  <${Decision} state=${state} />
  <${Tabs} tab=${state.tab} changed=${state.settings?.changed === true} />
  <p class="unseen" role="status">${state.news}</p>
`

const place = document.getElementById("page")
place.replaceChildren()
store.onChange(() => {
  const state = store.current()
  place.dataset.tab = state.tab
  render(html`<${Page} state=${state} />`, place)
})

/** Asked anew whenever the connection is: another program may answer now. */
const hello = async () => {
  try {
    const room = await get("/api/room")
    store.update({ room })
    store.setClock(room.now)
    document.title = `${room.channel}: llm-bot playground`
    await loadSettings()
  } catch {
    // The banner already says that nobody answers; the stream tries again.
  }
}

// Another window may have changed the settings meanwhile.
addEventListener("focus", () => void loadSettings().catch(() => {}))

follow("/api/events", {
  onOpen: () => {
    store.connected()
    void hello()
  },
  onEvent: ({ decision, line, progress }) => {
    if (line) store.addLine(line)
    if (decision) store.addDecision(decision)
    if (progress) store.addProgress(progress)
  },
  onLost: store.disconnected
})
