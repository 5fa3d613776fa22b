import { Agent, request } from "node:http"
import process from "node:process"
import { connect, type Msg } from "@nats-io/transport-node"
import { answering } from "./answering.ts"

// The least that anybody could do with an event: `bare.events` is received and parsed, `echo.events` answered by the very
// line, `asks.events` by what the model says.

const [url = "", model = ""] = process.argv.slice(2)
const client = await connect({ servers: url })
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
let count = 0

const parse = (message: Msg): { readonly msg: string } => {
  count++
  return message.json<{ readonly msg: string }>()
}

const say = (message: Msg, text: string): void => {
  const [kind, , channel] = message.subject.split(".")
  client.publish(`${kind}.commands.${channel}.chat`, JSON.stringify({ action: "chat", data: { message: text } }))
}

const complete = (line: string, done: (text: string) => void): void => {
  const body = JSON.stringify({ model: "double", stream: true, messages: [{ role: "user", content: line }] })
  const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
  request(`${model}/chat/completions`, { method: "POST", agent, headers }, (response) => {
    let text = ""
    response.setEncoding("utf8")
    response.on("data", (part: string) => (text += part))
    response.on("end", () => {
      const deltas = text.split("\n\n").filter((line) => line.startsWith("data: {"))
      done(deltas.map((line) => JSON.parse(line.slice(6)).choices[0].delta.content ?? "").join(""))
    })
  }).end(body)
}

const isMention = (text: string): boolean => text.includes("@MovieBot")

client.subscribe("bare.events.*.*", { callback: (_, message) => void parse(message) })
client.subscribe("echo.events.*.*", {
  callback: (_, message) => {
    const { msg } = parse(message)
    if (isMention(msg)) say(message, msg)
  }
})
client.subscribe("asks.events.*.*", {
  callback: (_, message) => {
    const { msg } = parse(message)
    if (isMention(msg)) complete(msg, (text) => say(message, text))
  }
})
await client.flush()
answering(() => count)
