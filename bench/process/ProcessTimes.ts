import { readdirSync, readFileSync } from "node:fs"

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    // A thread that has ended since it was listed.
    return undefined
  }
}

/** What the kernel has counted for a process, all threads together, in ns. */
export interface ProcessTimes {
  readonly running: number
  /** Ready to run, while others had the cores. */
  readonly waiting: number
}

/** The times of a process so far. The kernel counts them exactly; `process.cpuUsage` knows the caller's alone. */
export const processTimes = (pid: number): ProcessTimes => {
  let running = 0
  let waiting = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [ran, waited] = read(`/proc/${pid}/task/${thread}/schedstat`)?.split(" ") ?? []
    running += Number(ran ?? 0)
    waiting += Number(waited ?? 0)
  }
  return { running, waiting }
}

/** The memory of a process in MB: what it holds now, and the most it ever held. */
export const residentMemory = (pid: number): { readonly now: number; readonly peak: number } => {
  const status = read(`/proc/${pid}/status`) ?? ""
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1000
  return { now: field("VmRSS"), peak: field("VmHWM") }
}
