import process from "node:process"

// Loaded before the bundle: tells of the heap, collected, whoever asks. The bundle itself runs as shipped.

process.on("message", () => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { arrayBuffers, external, heapTotal, heapUsed, rss } = process.memoryUsage()
  process.send?.({ arrayBuffers, external, heapTotal, heapUsed, rss })
})
process.channel?.unref()
