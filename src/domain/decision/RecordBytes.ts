/** Where values are written; it grows. */
export interface ByteSink {
  bytes: Uint8Array
  /** Behind the last byte. */
  end: number
  /** Texts that come again and again, each with its place: a place takes their turn. */
  readonly words: Map<string, number>
}

/** Where values are read. */
export interface ByteSource {
  readonly bytes: Uint8Array
  /** The next byte. */
  at: number
  readonly words: ReadonlyArray<string>
}

/** More words than that are written out each time. */
const mostWords = 1_024

/** Makes room for so many more bytes. */
const reserve = (sink: ByteSink, more: number): void => {
  if (sink.end + more <= sink.bytes.length) return
  const larger = new Uint8Array(2 * (sink.end + more))
  larger.set(sink.bytes)
  sink.bytes = larger
}

/** Writes one byte. */
export const writeByte = (sink: ByteSink, byte: number): void => {
  reserve(sink, 1)
  sink.bytes[sink.end++] = byte
}

/** Reads one byte. */
export const readByte = (source: ByteSource): number => source.bytes[source.at++] ?? 0

// A number's first byte is itself when it is small; from 128 thousandths up to 16.383, the high bits here and the low
// ones in the next; else it says what follows: a whole number of 1 to 6 bytes, thousandths in 4, or the float as it is.
const smallThousandths = 128
const whole = 192
const thousandths = 200
const float = 201

const floats = new Float64Array(1)
const floatBytes = new Uint8Array(floats.buffer)

const writeWhole = (sink: ByteSink, value: number, size: number): void => {
  let left = value
  for (let index = 0; index < size; index++) {
    sink.bytes[sink.end++] = left % 256
    left = Math.floor(left / 256)
  }
}

const readWhole = (source: ByteSource, size: number): number => {
  let value = 0
  for (let index = size - 1; index >= 0; index--) value = value * 256 + (source.bytes[source.at + index] ?? 0)
  source.at += size
  return value
}

const sizeOf = (value: number): number => {
  let size = 1
  for (let above = 256; value >= above; above *= 256) size++
  return size
}

/** Writes a finite number: small ones, and times to the µs, in one to three bytes. */
export const writeNumber = (sink: ByteSink, value: number): void => {
  reserve(sink, 9)
  const { bytes } = sink
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 48 && !Object.is(value, -0)) {
    if (value < smallThousandths) {
      bytes[sink.end++] = value
      return
    }
    const size = sizeOf(value)
    bytes[sink.end++] = whole + size
    return writeWhole(sink, value, size)
  }
  const micros = Math.round(value * 1000)
  if (micros / 1000 === value && micros > 0 && micros < 2 ** 32) {
    if (micros < 2 ** 14) {
      bytes[sink.end++] = smallThousandths + (micros >> 8)
      bytes[sink.end++] = micros & 255
      return
    }
    bytes[sink.end++] = thousandths
    return writeWhole(sink, micros, 4)
  }
  bytes[sink.end++] = float
  floats[0] = value
  for (let index = 0; index < 8; index++) bytes[sink.end++] = floatBytes[index] ?? 0
}

/** Reads a number. */
export const readNumber = (source: ByteSource): number => {
  const first = readByte(source)
  if (first < smallThousandths) return first
  if (first < whole) return ((first - smallThousandths) * 256 + readByte(source)) / 1000
  if (first < thousandths) return readWhole(source, first - whole)
  if (first === thousandths) return readWhole(source, 4) / 1000
  for (let index = 0; index < 8; index++) floatBytes[index] = readByte(source)
  return floats[0] ?? 0
}

// A text's first number holds how it goes on, in the low two bits: so many characters of one byte or of two, the 16 bytes
// of a UUID, or nothing, since it is the word of that place.
const narrow = 0
const wide = 1
const uuid = 2
const word = 3

const hyphen = "-".charCodeAt(0)
const hex = "0123456789abcdef"
const hexValues = Int8Array.from({ length: 128 }, (_, code) => hex.indexOf(String.fromCharCode(code)))

/** Writes a text as a UUID; false when it is none. */
const writeUuid = (sink: ByteSink, text: string): boolean => {
  const { end } = sink
  reserve(sink, 17)
  const { bytes } = sink
  let place = end
  bytes[place++] = uuid
  for (let index = 0; index < 36; index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (text.charCodeAt(index) !== hyphen) return false
      index++
    }
    const high = hexValues[text.charCodeAt(index)] ?? -1
    const low = hexValues[text.charCodeAt(index + 1)] ?? -1
    if (high < 0 || low < 0) return false
    bytes[place++] = high * 16 + low
  }
  sink.end = place
  return true
}

const readUuid = (source: ByteSource): string => {
  let text = ""
  for (let index = 0; index < 16; index++) {
    const byte = readByte(source)
    if (index === 4 || index === 6 || index === 8 || index === 10) text += "-"
    text += hex.charAt(byte >> 4) + hex.charAt(byte & 15)
  }
  return text
}

const isNarrow = (text: string): boolean => {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 255) return false
  return true
}

/** Writes any text. */
export const writeText = (sink: ByteSink, text: string): void => {
  if (text.length === 36 && writeUuid(sink, text)) return
  const isOne = isNarrow(text)
  writeNumber(sink, text.length * 4 + (isOne ? narrow : wide))
  reserve(sink, text.length * 2)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    sink.bytes[sink.end++] = code & 255
    if (!isOne) sink.bytes[sink.end++] = code >> 8
  }
}

/** Writes a text that comes again and again. */
export const writeWord = (sink: ByteSink, text: string): void => {
  const { words } = sink
  let place = words.get(text)
  if (place === undefined) {
    if (words.size >= mostWords) return writeText(sink, text)
    place = words.size
    words.set(text, place)
  }
  writeNumber(sink, place * 4 + word)
}

/** Reads a text, however it was written. */
export const readText = (source: ByteSource): string => {
  const first = readNumber(source)
  const count = Math.floor(first / 4)
  switch (first % 4) {
    case uuid:
      return readUuid(source)
    case word:
      return source.words[count] ?? ""
    default: {
      const isWide = first % 4 === wide
      const codes: Array<string> = []
      for (let index = 0; index < count; index++) {
        codes.push(String.fromCharCode(isWide ? readWhole(source, 2) : readByte(source)))
      }
      return codes.join("")
    }
  }
}
