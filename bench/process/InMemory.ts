import { worker } from "./Measured.ts"

/** A configuration for a bot in memory. */
export interface InMemory {
  readonly channels: number
  /** How many different people speak; 100 unless told otherwise. */
  readonly users?: number
  readonly sections?: Readonly<Record<string, unknown>>
}

/** A bot without a bus, in a process of its own. */
export const inMemory = ({ channels, sections = {}, users = 100 }: InMemory) =>
  worker("decision", ["--expose-gc"], JSON.stringify({ channels, sections, users }))
