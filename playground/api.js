// The playground's server: requests, and streams that come back by themselves.

/** A request the server refused, with what it said. */
class Refused extends Error {
  constructor(status, body) {
    super(typeof body?.error === "string" ? body.error : `the playground answered ${status}`)
    this.status = status
    this.problems = Array.isArray(body?.problems) ? body.problems : []
  }
}

/** A browser with many windows on one server lets requests wait for ever. */
const answerWithinMs = 8_000

const request = async (path, init) => {
  let response
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(answerWithinMs) })
  } catch {
    throw new Error("the playground does not answer: has it ended, or is it open in many windows?")
  }
  const body = await response.json().catch(() => undefined)
  if (!response.ok) throw new Refused(response.status, body)
  return body
}

export const get = (path) => request(path, {})

export const post = (path, body) =>
  request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

/** How long a hidden page keeps its stream: a browser allows few connections to one server. */
const hiddenForMs = 10_000
const againAfterMs = 2_000

/**
 * Follows a stream of JSON events for as long as the page is looked at. Every opening begins with all that was before,
 * so `onOpen` is the moment to forget what is shown.
 */
export const follow = (path, { onOpen, onEvent, onLost }) => {
  let source
  let timer
  const open = () => {
    clearTimeout(timer)
    source?.close()
    source = new EventSource(path)
    source.addEventListener("open", onOpen)
    source.addEventListener("message", ({ data }) => onEvent(JSON.parse(data)))
    source.addEventListener("error", () => {
      source.close()
      onLost()
      timer = setTimeout(open, againAfterMs)
    })
  }
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer)
    if (!document.hidden && source.readyState === EventSource.CLOSED) open()
    else if (document.hidden) timer = setTimeout(() => source.close(), hiddenForMs)
  })
  open()
}
