import process from "node:process"

const send = (message: unknown): void => void process.send?.(message)

/** Says that this process is ready, then answers every question with what the handler makes of it. */
export const answering = (handle: (question: unknown) => unknown): void => {
  process.on("message", (question) => void Promise.resolve(handle(question)).then(send))
  process.once("disconnect", () => process.exit(0))
  send("ready")
}
