// Where the person speaks, as any viewer.
import { html, useEffect, useState } from "/vendor/htm-preact.js"
import { get, post } from "./api.js"
import { current, said } from "./store.js"

const keptNames = 8
const longest = 320
const startingNames = ["Ana", "Ben", "Chloé"]

const rememberedNames = () => {
  try {
    const names = JSON.parse(localStorage.getItem("names") ?? "null")
    return Array.isArray(names) && names.length > 0 ? names.map(String).slice(-keptNames) : startingNames
  } catch {
    return startingNames
  }
}

const remember = (names) => {
  try {
    localStorage.setItem("names", JSON.stringify(names))
  } catch {
    // Private windows may refuse: the names then last as long as the page.
  }
}

/** Says something in the room; the decision on it is shown. Throws what the server said against it. */
export const say = async ({ action = false, message, private: whispered = false, username }) => {
  const { channel } = current().room ?? await get("/api/room")
  const { correlation_id } = await post("/api/messages", {
    channel,
    username,
    message,
    ...(whispered ? { private: true } : {}),
    ...(action ? { action: true } : {})
  })
  said(correlation_id)
}

const NewName = ({ onName }) => {
  const [open, setOpen] = useState(false)
  if (!open) return html`<button type="button" class="chip add" onClick=${() => setOpen(true)}>+ viewer</button>`
  const done = (event) => {
    const name = event.target.value.trim()
    if (name !== "") onName(name)
    setOpen(false)
  }
  const onKeyDown = (event) => {
    if (event.key === "Enter") {
      event.preventDefault()
      done(event)
    } else if (event.key === "Escape") setOpen(false)
  }
  return html`<input
    class="chip" aria-label="Name of the new viewer" placeholder="Name" maxlength="50" autofocus
    ref=${(input) => input?.focus()} onKeyDown=${onKeyDown} onBlur=${done}
  />`
}

/** Who speaks: a few names the page remembers. */
const Names = ({ name, names, onName }) =>
  html`<fieldset class="names">
  <legend>Speak as</legend>
  ${
    names.map((one) =>
      html`<label class="chip" key=${one}>
    <input type="radio" name="speaker" checked=${one === name} onChange=${() => onName(one)} />
    <span dir="auto">${one}</span>
  </label>`
    )
  }
  <${NewName} onName=${onName} />
</fieldset>`

export const Composer = ({ room }) => {
  const [names, setNames] = useState(rememberedNames)
  const [name, setName] = useState(names[0])
  const [text, setText] = useState("")
  const [whispered, setWhispered] = useState(false)
  const [problem, setProblem] = useState("")
  useEffect(() => remember(names), [names])
  const bot = room?.bot ?? "the bot"

  const onName = (chosen) => {
    setName(chosen)
    if (!names.includes(chosen)) setNames([...names, chosen].slice(-keptNames))
  }
  const send = async (event) => {
    event.preventDefault()
    if (text.trim() === "") return
    setText("")
    try {
      await say({ username: name, message: text, private: whispered })
      setProblem("")
    } catch (error) {
      setText(text)
      setProblem(error.message)
    }
  }
  const onKeyDown = (event) => {
    if (event.key !== "ArrowUp" || text !== "") return
    event.preventDefault()
    document.getElementById("lines")?.focus()
  }
  const mention = () => {
    if (!text.startsWith(`@${bot}`)) setText(`@${bot} ${text}`)
    document.getElementById("message").focus()
  }

  return html`<form class="composer" autocomplete="off" onSubmit=${send}>
    <${Names} name=${name} names=${names} onName=${onName} />
    <div class="say">
      <button type="button" class="mention" aria-label=${`Begin with @${bot}`} onClick=${mention}>@</button>
      <input
        id="message" aria-label=${`Message from ${name}`} maxlength=${longest} enterkeyhint="send" dir="auto"
        placeholder=${whispered ? `A private word to ${bot}` : `Say something as ${name}`}
        value=${text} onInput=${({ target }) => setText(target.value)} onKeyDown=${onKeyDown}
      />
      <button type="submit" class="main">Send</button>
    </div>
    <div class="below">
      <label class="switch"><input type="checkbox" role="switch" checked=${whispered}
        onChange=${({ target }) => setWhispered(target.checked)} /><i></i>Private message</label>
      <p class="problem" role="status">${problem}</p>
      <p class="hint"><kbd>/me</kbd> acts, <kbd>↑</kbd> goes to the lines</p>
    </div>
  </form>`
}
