import { Option } from "effect"
import { Sse } from "effect/encoding"
import { parsed } from "./CompletionChunk.ts"

/** Parses a stream of server-sent events. */
export interface EventStream {
  /** Feeds the next part; false when an event is too large. */
  readonly feed: (part: string) => boolean
  /** Ends the stream; true when it ended in the middle of an event, or with something that is none. */
  readonly end: () => boolean
}

const doneMark = /^"?\[?(?:DONE|END)\]?"?$/i
const fieldLine = /^(?:data|event|id|retry)?(?::|$)/

/** Detects lines that belong to no event: half a field's name, an error page after the events. */
const lineWatch = () => {
  let line = ""
  let stray = false
  const close = (): void => {
    stray ||= !fieldLine.test(line)
    line = ""
  }
  return {
    feed: (part: string): void =>
      part.split(/[\r\n]/).forEach((piece, index) => {
        if (index > 0) close()
        // Only a field's name and its colon matter.
        line = (line + piece.slice(0, 8)).slice(0, 8)
      }),
    end: (): boolean => {
      close()
      return stray
    }
  }
}

/** One event's data, or several of them where a server ends events without a blank line. */
const partsOf = (data: string): ReadonlyArray<string> =>
  data.includes("\n") && Option.isNone(parsed(data)) ? data.split("\n") : [data]

/** Emits the data of each event, as text and as the JSON it holds, with its name, and the protocol's own end (`[DONE]`). */
export const eventStream = (
  longestEvent: number,
  onData: (data: string, json: Option.Option<unknown>, event: string) => void,
  onDone: () => void
): EventStream => {
  const lines = lineWatch()
  let strayData = false
  const take = (event: string) => (part: string): void => {
    // A proxy that re-wraps events writes the field's name twice.
    const data = part.trim().replace(/^(?:data:\s*)+/, "")
    if (doneMark.test(data)) return onDone()
    const json = parsed(data)
    strayData ||= data !== "" && Option.isNone(json)
    onData(data, json, event)
  }
  const parser = Sse.makeParser((event) => {
    if (event._tag === "Event") partsOf(event.data).forEach(take(event.event))
  }, { maxEventSize: longestEvent })
  return {
    feed: (part) => {
      lines.feed(part)
      return parser.feed(part) === undefined
    },
    end: () => {
      const stray = lines.end()
      // Some servers omit the blank line after the last event.
      parser.feed("\n\n")
      return stray || strayData
    }
  }
}
