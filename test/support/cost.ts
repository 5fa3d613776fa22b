import process from "node:process"

/** CPU time a batch takes at least, ms: some times what the system counts it in. */
const batchMs = 20

const cpuMs = (since?: NodeJS.CpuUsage): number => {
  const { system, user } = process.threadCpuUsage(since)
  return (system + user) / 1000
}

/** The CPU time of a run, ms, on the average of the best of several batches. What else the machine does changes little. */
export const costMs = (run: () => void, batches = 2): number => {
  const costs = Array.from({ length: batches }, () => {
    const began = process.threadCpuUsage()
    let rounds = 0
    do {
      run()
      rounds++
    } while (cpuMs(began) < batchMs)
    return cpuMs(began) / rounds
  })
  return Math.min(...costs)
}
