import type { Profiler } from "node:inspector"

const roomOf = (url: string): string | undefined => {
  const [, path] = /\/src\/(.*)\.ts$/.exec(url) ?? []
  if (path === undefined) return undefined
  const parts = path.split("/")
  return parts.length > 2 ? parts.slice(0, 2).join("/") : path
}

/** Each feature's share of a profile: what a package or the engine does counts for the feature that called it. */
export const shares = (
  { nodes, samples = [], timeDeltas = [] }: Profiler.Profile
): Readonly<Record<string, number>> => {
  const rooms = new Map<number, string>()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const visit = (id: number, inherited: string): void => {
    const node = byId.get(id)
    if (node === undefined) return
    const room = roomOf(node.callFrame.url) ??
      (node.callFrame.functionName === "(garbage collector)" ? "collecting garbage" : inherited)
    rooms.set(id, node.callFrame.functionName === "(idle)" ? "" : room)
    for (const child of node.children ?? []) visit(child, room)
  }
  const root = nodes[0]
  if (root !== undefined) visit(root.id, "the loop")
  const times = new Map<string, number>()
  samples.forEach((id, index) => {
    const room = rooms.get(id) ?? ""
    if (room !== "") times.set(room, (times.get(room) ?? 0) + (timeDeltas[index] ?? 0))
  })
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  return Object.fromEntries(
    [...times].toSorted(([, one], [, other]) => other - one).map(([room, time]) => [room, time / all])
  )
}
