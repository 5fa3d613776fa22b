import { createServer } from "node:http"
import { answering } from "./answering.ts"

// A model that answers at once, in a stream: each line with its own number, so that the room knows what was answered.

const openings = ["I would say", "Honestly", "From what I saw", "My guess is that", "Ask anybody here", "Well"]
const endings = ["that one is fine", "it was a good scene", "somebody should look it up", "the book has more of it"]

const event = (delta: object, finish_reason: string | null): string =>
  `data: ${
    JSON.stringify({ id: "double", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] })
  }\n\n`

const answerTo = (number: number): string => {
  const opening = openings[number % openings.length] ?? ""
  const ending = endings[number % endings.length] ?? ""
  return `${opening} number ${number} of ${number * 7 % 9973}: ${ending}.`
}

const server = createServer((request, response) => {
  const parts: Array<Buffer> = []
  request.on("data", (part: Buffer) => void parts.push(part))
  request.on("end", () => {
    const numbers = [...Buffer.concat(parts).toString("utf8").matchAll(/number (\d+)\?/g)]
    const text = answerTo(Number(numbers.at(-1)?.[1] ?? 0))
    response.writeHead(200, { "content-type": "text/event-stream" })
    const half = Math.floor(text.length / 2)
    response.write(event({ role: "assistant", content: text.slice(0, half) }, null))
    response.write(event({ content: text.slice(half) }, null))
    response.end(`${event({}, "stop")}data: [DONE]\n\n`)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  answering(() => `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/v1`)
})
