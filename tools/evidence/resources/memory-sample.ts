import type { Tolerance } from './flatness.js'

/** What a process keeps alive, in KiB: taken by itself right after it has collected its garbage. */
export interface MemorySample {
  readonly heapUsedKb: number
  /** Memory outside of the heap that objects hold on to; views of mapped files are among it. */
  readonly externalKb: number
  readonly arrayBuffersKb: number
}

/** What a sample is the answer to, and what the answer looks like. */
export const MEASURE = 'measure'
export interface MemoryReport {
  readonly memory: MemorySample
}

/**
 * After a collection nothing is left of the collector's moods. What an engine still compiles, and a view of a segment more or less, is far below what a leak
 * of a few bytes per message comes to.
 */
export const MEMORY_TOLERANCES: Readonly<Record<keyof MemorySample, Tolerance>> = {
  heapUsedKb: { amount: 384, share: 0, certain: 192 },
  externalKb: { amount: 4096, share: 0, certain: 2048 },
  arrayBuffersKb: { amount: 4096, share: 0, certain: 2048 },
}

/** Needs `--expose-gc`. */
export function sampleMemory(): MemorySample {
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return { heapUsedKb: heapUsed / 1024, externalKb: external / 1024, arrayBuffersKb: arrayBuffers / 1024 }
}
