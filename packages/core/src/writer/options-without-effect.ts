import { isBounded, letsGo, retentionRulesOf } from './limits.js'
import type { WriterNote } from './writer-notes.js'
import type { ResolvedWriterOptions } from './writer-options.js'

type Given = WriterNote['given'] | ((argument: never) => void) | undefined

/** Options that do nothing beside the others. No reason to refuse the open: nothing happens that was not asked for. */
export function optionsWithoutEffect({ given, ...options }: ResolvedWriterOptions): WriterNote[] {
  const { retention = {} } = given
  const notes: WriterNote[] = []
  const note = (option: string, value: Given, needs: string): void => {
    if (value === undefined) return
    const text = `${option} has no effect without ${needs}.`
    notes.push({ option, given: typeof value === 'function' ? 'a function' : value, actual: 'no effect', text })
  }
  if (!isBounded(options)) {
    const limit = 'maxSegments or maxBytes'
    note('backpressure', given.backpressure === 'block' ? 'block' : undefined, limit)
    note('backpressureTimeoutMs', given.backpressureTimeoutMs, limit)
    note('onHighWatermark', given.onHighWatermark, limit)
  }
  const rules = retentionRulesOf(options)
  if (rules === undefined || !letsGo(rules)) {
    const rule = 'a rule that deletes: consumed, maxAgeMs, maxBytes or maxSegments'
    for (const name of ['minSegments', 'readerTtlMs', 'maxReaderLagBytes'] as const)
      note(`retention.${name}`, retention[name], rule)
  }
  if (retention.readerTtlMs === undefined && retention.maxReaderLagBytes === undefined)
    note('onReaderReleased', given.onReaderReleased, 'retention.readerTtlMs or retention.maxReaderLagBytes')
  if (options.mlock)
    note('prefault', given.prefault === false ? false : undefined, 'mlock: false, because locked pages are all there')
  return notes
}
