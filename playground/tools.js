// What a person does to the room beside speaking: films, other viewers, the clock.
import { html, useEffect, useState } from "/vendor/htm-preact.js"
import { get, post } from "./api.js"
import { notify, roomNow, setClock, update } from "./store.js"
import { timeOf } from "./words.js"

const films = ["Metropolis (1927)", "Nosferatu (1922)", "The General (1926)", "Charade (1963)"]
const rates = [0, 6, 20, 60]
const jumps = { "+10 s": 10, "+1 min": 60, "+1 h": 3600 }

/** Moves the room's clock on; cooldowns and limits believe it. */
export const jump = async (advance) => {
  try {
    const { now } = await post("/api/clock", { advance_seconds: advance })
    setClock(now)
    update({ news: `It is ${timeOf(now)} in the room` })
  } catch (error) {
    notify(error.message)
  }
}

/** Room time, anew every second. */
export const useRoomNow = () => {
  const [now, setNow] = useState(roomNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(roomNow()), 1000)
    return () => clearInterval(timer)
  }, [])
  return Math.max(now, roomNow())
}

export const Clock = () => {
  const now = useRoomNow()
  return html`<div class="clock" role="group" aria-label="Clock of the room">
    <time title="Room time">${timeOf(now)}</time>
    ${
    Object.entries(jumps).map(([label, advance]) =>
      html`<button
      type="button" class="small" title="Move the room's clock on" onClick=${() => jump(advance)}
    >${label}</button>`
    )
  }
  </div>`
}

const Chatter = () => {
  const [rate, setRate] = useState(0)
  useEffect(() => {
    get("/api/chatter").then(({ per_minute }) => setRate(per_minute), () => {})
  }, [])
  const onChange = async ({ target }) => {
    const before = rate
    setRate(Number(target.value))
    try {
      await post("/api/chatter", { per_minute: Number(target.value) })
    } catch (error) {
      setRate(before)
      notify(error.message)
    }
  }
  return html`<label class="tool">Other viewers
    <select value=${rate} onChange=${onChange}>
      ${
    [...new Set([...rates, rate])].toSorted((one, other) => one - other).map((one) =>
      html`<option value=${one}>${one === 0 ? "silent" : `${one} lines a minute`}</option>`
    )
  }
    </select>
  </label>`
}

const Film = ({ playing }) => {
  const [title, setTitle] = useState("")
  const next = films[(films.indexOf(playing) + 1) % films.length]
  const onSubmit = async (event) => {
    event.preventDefault()
    try {
      await post("/api/media", { title: title.trim() || next })
      setTitle("")
    } catch (error) {
      notify(error.message)
    }
  }
  return html`<form class="tool film" onSubmit=${onSubmit}>
    <label>Film
      <input value=${title} placeholder=${next} maxlength="200" onInput=${({ target }) => setTitle(target.value)} />
    </label>
    <button type="submit" class="small">Play</button>
  </form>`
}

export const Tools = ({ lines }) =>
  html`<div class="tools">
  <${Film} playing=${lines.findLast(({ kind }) => kind === "media")?.text} />
  <${Chatter} />
</div>`
