import type { ColdRecord } from '@chronicle-ts/inspect'
import type { WhereExpression } from '@chronicle-ts/typed'

/** What messages can be chosen by. */
export interface FilterOptions {
  readonly since?: bigint
  readonly until?: bigint
  readonly fromSequence?: number
  readonly toSequence?: number
  readonly type?: readonly number[]
  readonly grep?: RegExp
  readonly where?: WhereExpression
}

/** Chooses messages in two steps: by what their headers and fields say, and by a pattern over their text, which is searched for in many messages at once. */
export interface MessageFilter {
  /** Whether a message is one that the user asked for, as far as its header and its decoded fields show. */
  readonly passes: (record: ColdRecord) => boolean
  /** What the text must match as well. */
  readonly grep: RegExp | undefined
}

/** The filter of the options; without any of them every message passes. `byFields` is asked last: it decodes the message. */
export function messageFilter(options: FilterOptions, byFields: (record: ColdRecord) => boolean = () => true): MessageFilter {
  const { since, until, fromSequence, toSequence, type, grep } = options
  const types = type === undefined ? undefined : new Set(type)
  return {
    grep,
    passes: (record) =>
      (types === undefined || types.has(record.typeId)) &&
      (since === undefined || record.timestampNs >= since) &&
      (until === undefined || record.timestampNs <= until) &&
      (fromSequence === undefined || record.sequence >= fromSequence) &&
      (toSequence === undefined || record.sequence <= toSequence) &&
      byFields(record),
  }
}

/** Whether a filter lets every message pass. */
export function passesEverything(options: FilterOptions): boolean {
  const { since, until, fromSequence, toSequence, type, grep, where } = options
  return [since, until, fromSequence, toSequence, type, grep, where].every((option) => option === undefined)
}
