import { connect, type Socket } from "node:net"
import { Context, Effect, Layer } from "effect"
import { NatsServer } from "./NatsServer.ts"

/** A client that speaks NATS by hand: it can send what no library lets through. */
export class RawNats extends Context.Service<RawNats, {
  /** Publishes a message with these very bytes as headers. */
  readonly publish: (subject: string, headers: Uint8Array, body: string) => Effect.Effect<void>
  /** Answers every request on a subject with these very bytes as headers. */
  readonly answer: (subject: string, headers: Uint8Array) => Effect.Effect<void>
}>()("test/RawNats") {
  static readonly layer: Layer.Layer<RawNats, never, NatsServer> = Layer.effect(
    RawNats,
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const { hostname, port } = new URL(url)
      let pongs: Array<() => void> = []
      let headersOfAnswers: Uint8Array = new Uint8Array()
      let text = ""

      const write = (socket: Socket, subject: string, headers: Uint8Array, body: string): void => {
        const payload = Buffer.from(body)
        socket.write(`HPUB ${subject} ${headers.byteLength} ${headers.byteLength + payload.byteLength}\r\n`)
        socket.write(headers)
        socket.write(payload)
        socket.write("\r\n")
      }
      const onLine = (socket: Socket, line: string): void => {
        if (line === "PONG") pongs.splice(0, 1).forEach((resolve) => resolve())
        if (line === "PING") socket.write("PONG\r\n")
        // Requests with headers: `HMSG subject sid reply #header #total`.
        const [, reply] = /^H?MSG \S+ \S+ (\S+) \d+(?: \d+)?$/.exec(line) ?? []
        if (reply !== undefined) write(socket, reply, headersOfAnswers, "")
      }
      const socket = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const opened = connect(Number(port), hostname)
          opened.on("data", (data) => {
            text += data.toString("latin1")
            const lines = text.split("\r\n")
            text = lines.pop() ?? ""
            for (const line of lines) onLine(opened, line)
          })
          opened.write("CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n")
          return opened
        }),
        (opened) => Effect.sync(() => opened.destroy())
      )
      /** After the server's answer it has everything. */
      const flush = Effect.callback<void>((resume) => {
        pongs.push(() => resume(Effect.void))
        socket.write("PING\r\n")
      })
      return RawNats.of({
        publish: (subject, headers, body) =>
          Effect.andThen(Effect.sync(() => write(socket, subject, headers, body)), flush),
        answer: (subject, headers) =>
          Effect.andThen(
            Effect.sync(() => {
              headersOfAnswers = headers
              socket.write(`SUB ${subject} 1\r\n`)
            }),
            flush
          )
      })
    })
  )
}
