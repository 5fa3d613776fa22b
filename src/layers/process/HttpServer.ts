import { createServer, type Server, type ServerOptions } from "node:http"
import type { Socket } from "node:net"

/** Requests are short: a slow or large one is cut off. */
const limits: ServerOptions = {
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8_192,
  keepAliveTimeout: 5_000
}
/** More connections than any monitoring has. */
const maxConnections = 100

/**
 * An HTTP server whose connections are bounded: beyond the bound the one goes that has asked nothing for longest, so that
 * half-open connections keep nobody out.
 */
export const boundedServer = (): Server => {
  const server = createServer(limits)
  // Connections without a request, the longest of them first.
  const idle = new Set<Socket>()
  let open = 0
  server.on("connection", (socket: Socket) => {
    open++
    idle.add(socket)
    socket.once("close", () => {
      open--
      idle.delete(socket)
    })
    if (open <= maxConnections) return
    const [longest = socket] = idle
    idle.delete(longest)
    longest.destroy()
  })
  server.on("request", ({ socket }, response) => {
    idle.delete(socket)
    response.once("close", () => {
      if (!socket.destroyed) idle.add(socket)
    })
  })
  return server
}
