import { LimitError, PermissionError, QueueReplacedError } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { drain, HandClocks, memoryMerge, short } from '../test/memory/memory-merge.js'
import { MemorySource } from '../test/memory/memory-source.js'
import { RETRY_FIRST_MS, RETRY_LAST_MS } from './defaults.js'
import { measureMerge } from './measure-merge.js'
import { isPassingError } from './passing-error.js'
import type { SourceFailure } from './source-failure.js'

const MS = 1_000_000n
const refused = (): Error => new PermissionError({ path: '/q/000000001.q', syscall: 'open', errnoName: 'EACCES' })

function failing(options: { readonly retryFailures?: boolean } = {}) {
  const told: SourceFailure[] = []
  const clocks = new HandClocks()
  const source = new MemorySource().append(1n).append(3n)
  const merge = memoryMerge({ clocks, onSourceError: (failure) => void told.push(failure), ...options })
  merge.add('a', source, 0n)
  merge.add('b', new MemorySource().append(2n), 0n)
  return { told, clocks, source, merge }
}

describe('A source that failed', () => {
  it('L66: is tried again by itself when the reason may have passed, and its error is reported once', () => {
    const { told, clocks, source, merge } = failing()
    source.failure = refused()
    expect(short(drain(merge))).toBe('b0')
    for (let attempt = 0; attempt < 10; attempt++) {
      clocks.nowNs += 1000n * MS
      source.failure = refused()
      expect(drain(merge)).toEqual([])
    }
    expect(told).toHaveLength(1)
    expect(measureMerge(merge).errors).toBeGreaterThan(3)
    source.failure = undefined
    clocks.nowNs += BigInt(RETRY_LAST_MS) * MS
    expect(short(drain(merge))).toBe('a0! a1')
    expect(merge.failures()).toEqual([])
    // Another time is another story.
    source.failure = refused()
    drain(merge)
    expect(told).toHaveLength(2)
  })

  it('L66: is not asked before its pause is over, which doubles', () => {
    const { clocks, source, merge } = failing()
    source.failure = refused()
    drain(merge)
    const pauses: number[] = []
    for (let pauseMs = RETRY_FIRST_MS; pauses.length < 8; pauseMs = Math.min(pauseMs * 2, RETRY_LAST_MS)) {
      const before = source.peekCount
      clocks.nowNs += BigInt(pauseMs - 2) * MS
      drain(merge)
      expect(source.peekCount).toBe(before)
      expect(merge.failed.msUntilRetry).toBeLessThan(3)
      clocks.nowNs += 3n * MS
      drain(merge)
      expect(source.peekCount).toBe(before + 1)
      pauses.push(pauseMs)
    }
    expect(pauses.at(-1)).toBe(RETRY_LAST_MS)
  })

  it('stays aside when its data is damaged, its queue was replaced, or retries are switched off', () => {
    for (const [failure, retryFailures] of [
      [new Error('damaged'), true],
      [new QueueReplacedError({ directory: '/q', detail: 'by another' }), true],
      [refused(), false],
    ] as const) {
      const { clocks, source, merge } = failing({ retryFailures })
      source.failure = failure
      drain(merge)
      source.failure = undefined
      clocks.nowNs += 100_000n * MS
      expect(drain(merge)).toEqual([])
      expect([merge.failures().length, merge.failed.msUntilRetry]).toEqual([1, Number.POSITIVE_INFINITY])
      expect(merge.retry('a')).toBe(true)
      expect(short(drain(merge))).toBe('a0! a1')
    }
  })

  it('is reported again when its error is another one', () => {
    const { told, clocks, source, merge } = failing()
    source.failure = refused()
    drain(merge)
    source.failure = new LimitError({ limit: 'RLIMIT_NOFILE' })
    clocks.nowNs += BigInt(RETRY_FIRST_MS) * MS
    drain(merge)
    expect(told.map(({ error }) => (error as LimitError).code)).toEqual(['ERR_PERMISSION', 'ERR_LIMIT'])
  })
})

it('distinguishes errors that may pass from those that do not', () => {
  const passing = [refused(), new LimitError({ limit: 'memory' }), Object.assign(new Error(), { code: 'EMFILE' })]
  const lasting = [new Error('damaged'), new QueueReplacedError({ directory: '/q', detail: '' }), undefined, 'text', null]
  expect([passing.map(isPassingError), lasting.map(isPassingError)]).toEqual([[true, true, true], lasting.map(() => false)])
})
