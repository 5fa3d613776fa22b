import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import { storyText } from "../../src/domain/decision/DecisionText.ts"
import type { Captured } from "./Capture.ts"

// Durations and dice differ from run to run, the figures they are held against do not. Whether a reply has to wait for
// the room's pace depends on how fast the machine is.
const stable = (story: string): string =>
  story
    .replace(/(?<!of |needs |for |than |least )\b\d+(?:\.\d+)? m?s\b/g, "… s")
    .replace(/; waited … s for the room's flood control/g, "")
    .replace(/drew \d\.\d+/g, "drew …")

/** What was decided about each event, in order. */
export interface Decided {
  readonly decided: ReadonlyArray<Captured>
  readonly records: ReadonlyArray<DecisionRecord>
}

const storiesOf = ({ records }: Decided) => records.map((record) => stable(storyText(record)))

/** The decision about each event with everything off, a line each; below it what is decided otherwise by default. */
export const golden = (everythingOff: Decided, byDefault: Decided): string => {
  const otherwise = storiesOf(byDefault)
  return storiesOf(everythingOff).map((story, index) => {
    const line = String(everythingOff.decided[index]?.line ?? "?").padStart(4)
    const type = everythingOff.records[index]?.eventType ?? "?"
    const rows = [`${line} ${type.padEnd(11)} ${story}\n`]
    if (otherwise[index] !== story) rows.push(`     ${"by default".padEnd(11)} ${otherwise[index] ?? "nothing"}\n`)
    return rows.join("")
  }).join("")
}
