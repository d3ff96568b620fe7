import type { ColdRecord } from '@chronicle-ts/core'

/** What messages can be chosen by. */
export interface FilterOptions {
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly type?: readonly number[]
  readonly grep?: RegExp
}

/** Whether a message is one that the user asked for. */
export type MessageFilter = (record: ColdRecord) => boolean

/** The filter of the options, or `undefined` when every message passes. */
export function messageFilter(options: FilterOptions): MessageFilter | undefined {
  const { since, until, fromSequence, type, grep } = options
  if ([since, until, fromSequence, type, grep].every((option) => option === undefined)) return undefined
  const types = type === undefined ? undefined : new Set(type)
  return (record) =>
    (types === undefined || types.has(record.typeId)) &&
    (since === undefined || record.timestampNs >= since) &&
    (until === undefined || record.timestampNs <= until) &&
    (fromSequence === undefined || record.sequence >= fromSequence) &&
    (grep === undefined || grep.test(record.payload.toString('utf8')))
}
