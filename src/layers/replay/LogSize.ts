import { stat } from "node:fs/promises"
import { getHeapStatistics } from "node:v8"

/** How much memory a replay takes for each byte of its log, at most. */
const memoryPerByte = 18
/** What the program takes besides. */
const ownBytes = 60_000_000
const megabyte = 1_000_000

/** Node would run out of memory in the middle, without a word. */
export class LogTooLarge extends Error {}

/** Fails where a log needs more memory than Node may use. */
export const requireMemory = async (file: string): Promise<void> => {
  const { size } = await stat(file)
  const needed = ownBytes + size * memoryPerByte
  const { heap_size_limit: allowed } = getHeapStatistics()
  if (needed <= allowed) return
  const [has, needs, may] = [size, needed, allowed].map((bytes) => Math.ceil(bytes / megabyte))
  throw new LogTooLarge(
    `is too large: its ${has} MB may need ${needs} MB of memory, and Node may use ${may}; replay it in parts, or with ` +
      `NODE_OPTIONS=--max-old-space-size=${needs}`
  )
}
