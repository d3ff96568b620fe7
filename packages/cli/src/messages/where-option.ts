import type { ColdRecord } from '@chronicle-ts/inspect'
import { WhereError, WhereExpression } from '@chronicle-ts/typed'
import { InvalidArgumentError } from 'commander'
import { UsageError } from '../command-error.js'
import type { RecordDecoder } from './record-decoder.js'

/** Parses an expression; an error shows where it goes wrong. */
export function parseWhereOption(text: string): WhereExpression {
  try {
    return new WhereExpression(text)
  } catch (error) {
    if (error instanceof WhereError) throw new InvalidArgumentError(pointAt(error))
    throw error
  }
}

/** Whether messages match an expression. Messages that the registry cannot decode do not; the decoder counts those that are bad. @throws UsageError when the registry has no type with a field of the expression */
export function whereFilter(where: WhereExpression, decoder: RecordDecoder): (record: ColdRecord) => boolean {
  checkFields(where, decoder)
  return (record) => {
    const { sequence, timestampNs, typeId, schemaVersion } = record
    return decoder.judge(record, (body, type) => where.matches(body, { sequence, timestampNs, typeId, schemaVersion, type }))
  }
}

function checkFields(where: WhereExpression, { schemas }: RecordDecoder): void {
  if (where.fields.length === 0) return
  if (schemas.length === 0) throw new UsageError('the queue has no schema registry, which --where reads fields by')
  // Self-describing messages have the fields that their writer gave them.
  if (schemas.some(({ fields }) => fields.length === 0)) return
  try {
    where.checkFields(new Set(schemas.flatMap(({ fields }) => fields.map(({ name }) => name))))
  } catch (error) {
    if (error instanceof WhereError) throw new UsageError(pointAt(error), { cause: error })
    throw error
  }
}

function pointAt({ text, position, detail }: WhereError): string {
  return `${detail}\n  ${text}\n  ${' '.repeat(position)}^`
}
