/** What the cheapest of several runs took, ms: a busy machine delays some of them, hardly all. For ratios. */
export const costMs = (run: () => void, runs = 5): number => {
  const costs = Array.from({ length: runs }, () => {
    const began = performance.now()
    run()
    return performance.now() - began
  })
  return Math.min(...costs)
}
