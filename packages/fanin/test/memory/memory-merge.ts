import { Merge, type MergeOptions } from '../../src/merge.js'
import type { Clocks } from '../../src/standstill.js'
import type { MemoryMessage, MemorySource } from './memory-source.js'

/** Clocks that stand still until the test moves them. */
export class HandClocks implements Clocks {
  nowNs = 1n
  beforeLoad: (() => void) | undefined

  realtimeNs(): bigint {
    this.beforeLoad?.()
    return this.nowNs
  }

  /** For schedules in which no question may be put off: every reading is this much later than it should be, over the one before. */
  hurryMs = 0
  #hurriedMs = 0

  monotonicMs(): number {
    this.#hurriedMs += this.hurryMs
    return this.#hurriedMs + Number(this.nowNs) / 1e6
  }
}

export type MemoryMerge = Merge<MemoryMessage, MemorySource>

export function memoryMerge(options: Partial<MergeOptions> = {}): MemoryMerge {
  return new Merge({
    mode: 'eager',
    allowedLatenessNs: 0n,
    holdBackMs: Number.POSITIVE_INFINITY,
    clocks: new HandClocks(),
    onSourceError: undefined,
    retryFailures: true,
    ...options,
  })
}

export interface Delivered {
  readonly key: string
  readonly sequence: number
  readonly timestampNs: bigint
  readonly late: boolean
}

export function take(merge: MemoryMerge): Delivered | undefined {
  const delivery = merge.next()
  if (delivery === undefined) return undefined
  const { key, message, late } = delivery
  return { key, sequence: message.sequence, timestampNs: message.timestampNs, late }
}

/** Everything that can be delivered now. */
export function drain(merge: MemoryMerge): Delivered[] {
  const all: Delivered[] = []
  for (let one = take(merge); one !== undefined; one = take(merge)) all.push(one)
  return all
}

/** `a0 b0 a1`, late ones with an exclamation mark. */
export function short(delivered: readonly Delivered[]): string {
  return delivered.map(({ key, sequence, late }) => `${key}${sequence}${late ? '!' : ''}`).join(' ')
}
