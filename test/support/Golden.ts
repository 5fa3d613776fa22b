import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import { storyText } from "../../src/domain/decision/DecisionText.ts"
import type { Captured } from "./Capture.ts"

// Durations and dice differ from run to run, the figures they are held against do not. Whether a reply has to wait for
// the room's pace depends on how fast the machine is.
const stable = (story: string): string =>
  story
    .replace(/(?<!of |needs |for |than |least )\b\d+(?:\.\d+)? s\b/g, "… s")
    .replace(/; waited … s for the room's flood control/g, "")
    .replace(/drew \d\.\d+/g, "drew …")

/** The decision about each captured event, a line each, in order. */
export const golden = (events: ReadonlyArray<Captured>, records: ReadonlyArray<DecisionRecord>): string =>
  records.map((record, index) => {
    const line = String(events[index]?.line ?? "?").padStart(4)
    return `${line} ${record.eventType.padEnd(11)} ${stable(storyText(record))}\n`
  }).join("")
