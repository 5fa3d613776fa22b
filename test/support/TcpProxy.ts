import { connect, createServer, type Socket } from "node:net"
import { Context, Effect, Layer } from "effect"
import { NatsServer } from "./NatsServer.ts"

/** Joins two sockets: whatever ends one ends the other at once. */
const join = (one: Socket, other: Socket): void => {
  for (const [from, to] of [[one, other], [other, one]] as const) {
    from.pipe(to)
    from.on("error", () => to.destroy())
    from.on("close", () => to.destroy())
  }
}

/** A way to the NATS server that can be shut for newcomers, so that a test decides who is back first after a loss. */
export class TcpProxy extends Context.Service<TcpProxy, {
  readonly url: string
  readonly open: Effect.Effect<void>
  readonly shut: Effect.Effect<void>
}>()("test/Door") {
  static readonly layer: Layer.Layer<TcpProxy, never, NatsServer> = Layer.effect(
    TcpProxy,
    Effect.gen(function*() {
      const target = Number(new URL((yield* NatsServer).url).port)
      let isOpen = true
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        if (!isOpen) return void socket.destroy()
        sockets.add(socket)
        join(socket, connect(target, "127.0.0.1"))
      })
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () =>
          Effect.callback<void>((resume) => {
            server.close(() => resume(Effect.void))
            for (const socket of sockets) socket.destroy()
          })
      )
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : 0
      const set = (open: boolean) =>
        Effect.sync(() => {
          isOpen = open
        })
      return TcpProxy.of({ url: `nats://127.0.0.1:${port}`, open: set(true), shut: set(false) })
    })
  )
}
