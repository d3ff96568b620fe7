import {
  flatbuffersFormat,
  jsonFormat,
  msgpackrFormat,
  msgpackrRecordsFormat,
  protobufFormat,
  type QuoteFormat,
} from '../../suites/quote-formats.js'
import {
  QUOTE,
  QUOTE_LENGTH,
  Quote,
  type QuoteFields,
  storeByHand,
  storeTyped,
  sumOfAll,
  sumOfFour,
} from '../../suites/typed-quotes.js'

/** One format as the codec probe measures it, over bytes of its own. */
export interface Codec {
  readonly encode: () => unknown
  readonly readFour: () => number
  readonly readAll: () => number
}

export type CodecOperation = keyof Codec

/** Names of the codecs by the key that their figures begin with. `generated` is what the others are measured against. */
export const CODECS: Readonly<Record<string, () => Codec>> = {
  generated: generatedCodec,
  flat1: flat1Codec,
  json: () => codecOf(jsonFormat()),
  msgpackr: () => codecOf(msgpackrFormat()),
  msgpackrRecords: () => codecOf(msgpackrRecordsFormat()),
  protobuf: () => codecOf(protobufFormat()),
  flatbuffers: () => codecOf(flatbuffersFormat()),
}

function codecOf(format: QuoteFormat): Codec {
  const bytes = Uint8Array.from(format.encode())
  return {
    encode: () => format.encode(),
    readFour: () => format.sumOfFour(bytes),
    readAll: () => format.sumOfAll(bytes),
  }
}

function flat1Codec(): Codec {
  const writer = Quote.writer({ zeroed: true })
  const reader = Quote.reader()
  const view = viewOfQuote()
  return {
    encode: () => storeTyped(writer.begin(view, 0, QUOTE_LENGTH)),
    readFour: () => sumOfFour(reader.wrap(view, 0, QUOTE_LENGTH, 1) as QuoteFields),
    readAll: () => sumOfAll(reader.wrap(view, 0, QUOTE_LENGTH, 1) as QuoteFields),
  }
}

function generatedCodec(): Codec {
  const view = viewOfQuote()
  const quote = new GeneratedQuote()
  return {
    encode: () => storeByHand(view),
    readFour: () => sumOfFour(quote.wrap(view, 0)),
    readAll: () => sumOfAll(quote.wrap(view, 0)),
  }
}

function viewOfQuote(): DataView {
  const { buffer, byteOffset, length } = Uint8Array.from(Quote.encode(QUOTE))
  return new DataView(buffer, byteOffset, length)
}

/** Reads a quote as a generator for this layout would do it, without a check of any offset. */
class GeneratedQuote implements QuoteFields {
  #view: DataView = new DataView(new ArrayBuffer(QUOTE_LENGTH))
  #base = 0

  wrap(view: DataView, base: number): this {
    this.#view = view
    this.#base = base
    return this
  }

  get tsEvent(): number {
    return this.#view.getUint32(this.#base + 4, true) * 0x1_0000_0000 + this.#view.getUint32(this.#base, true)
  }
  get bid(): number {
    return this.#view.getFloat64(this.#base + 8, true)
  }
  get ask(): number {
    return this.#view.getFloat64(this.#base + 16, true)
  }
  get bidSize(): number {
    return this.#view.getFloat64(this.#base + 24, true)
  }
  get askSize(): number {
    return this.#view.getFloat64(this.#base + 32, true)
  }
  get instrumentId(): number {
    return this.#view.getUint32(this.#base + 40, true)
  }
  get venue(): number {
    return this.#view.getUint16(this.#base + 44, true)
  }
  get side(): string {
    return this.#view.getUint8(this.#base + 46) === 1 ? 'sell' : 'buy'
  }
  get symbol(): string {
    let text = ''
    for (let at = 0; at < 8; at++) {
      const code = this.#view.getUint8(this.#base + 47 + at)
      if (code === 0) break
      text += String.fromCharCode(code)
    }
    return text
  }
}
