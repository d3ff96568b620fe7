import { isBinanceFrame, readBinanceFrame } from './binance-frame.js'
import { isCoinbaseFrame, readCoinbaseFrame } from './coinbase-frame.js'
import { asObject, type JsonFields } from './json-field.js'
import type { MarketUpdate } from './market-update.js'

/**
 * What a frame contains, decided by its own shape and not by the name of the queue that carried it.
 *
 * @returns `undefined` for everything that is not understood: other exchanges, control messages, text that is not JSON. Never throws.
 */
export function interpretFrame(payload: Buffer): MarketUpdate | undefined {
  const frame = parseObject(payload)
  if (frame === undefined) return undefined
  if (isCoinbaseFrame(frame)) return readCoinbaseFrame(frame)
  return isBinanceFrame(frame) ? readBinanceFrame(frame) : undefined
}

function parseObject(payload: Buffer): JsonFields | undefined {
  try {
    return asObject(JSON.parse(payload.toString('utf8')))
  } catch {
    return undefined
  }
}
