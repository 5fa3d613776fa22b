import { Option } from "effect"

/** A span of another service, as in the W3C header `traceparent`. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** A message as its trace describes it. */
export interface TracedMessage {
  readonly subject: string
  /** The subject with placeholders for the room. */
  readonly template: string
  /** The sender's span, if the message names one. */
  readonly sender: Option.Option<TraceContext>
}

/** The header's name; NATS headers are case-sensitive. */
export const traceparent = "traceparent"

// Versions after 00 may add fields, which are not read; ff is no version, and ids of zeros are none.
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Reads a `traceparent` header; none when there is none or it is malformed: then there is nothing to link to. */
export const readTraceparent = (header: string | undefined): Option.Option<TraceContext> => {
  if (header === undefined) return Option.none()
  const [, version, traceId, spanId, flags, more] = pattern.exec(header) ?? []
  return traceId === undefined || spanId === undefined || flags === undefined ||
      (version === "00" && more !== undefined)
    ? Option.none()
    : Option.some({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** The header for what a span sends. */
export const writeTraceparent = ({ sampled, spanId, traceId }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
