import { Arbitrary, Schema } from "effect"

/** Texts made of the given pieces and of arbitrary ones, so that the interesting things meet each other. */
export const mixed = (pieces: ReadonlyArray<string>, maxLength = 40): Arbitrary.Arbitrary<string> =>
  Arbitrary.array(
    Arbitrary.schema(Schema.Union([Schema.Literals(pieces), Schema.Literals(pieces), Schema.String])),
    { maxLength }
  ).pipe(Arbitrary.map((parts) => parts.join("")))

/** Line breaks of every kind, as they are known to Unicode, terminals and JavaScript. */
export const lineBreaks = ["\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\u0000", "\u001b"]

/** What is not seen: joiners, bidirectional controls, fillers, tags, variation selectors. */
export const invisibles = [
  "\u00AD",
  "\u034F",
  "\u061C",
  "\u200B",
  "\u200C",
  "\u200D",
  "\u200E",
  "\u202E",
  "\u2066",
  "\u2060",
  "\u3164",
  "\uFE0F",
  "\uFEFF",
  "\u{E0041}",
  "\u{E0100}"
]
