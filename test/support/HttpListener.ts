import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { Effect } from "effect"

/** A real HTTP server on a free port; its address, `http://127.0.0.1:PORT`. It ends with the scope, its sockets too. */
export const listen = Effect.fnUntraced(function*(listener: RequestListener) {
  const server = createServer(listener)
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return `http://127.0.0.1:${port}`
})

/** Reads a request's body to its end. */
export const readBody = (request: IncomingMessage, done: (body: string) => void): void => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => void chunks.push(chunk))
  request.on("end", () => done(Buffer.concat(chunks).toString("utf8")))
}
