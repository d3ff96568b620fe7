import { CorruptRecordError, SequenceGapError } from '../errors/index.js'
import type { DamageStep } from '../records/record-walk.js'
import { sequenceOf } from '../records/segment-bytes.js'
import type { MappedSegment } from '../segment/mapped-segment.js'

const WORDS: Readonly<Record<Exclude<DamageStep, 'gap' | 'impossible'>, string>> = {
  'bad-length': 'its length leaves the segment',
  'bad-padding': 'it is a padding record that does not end the segment',
  'bad-header': 'its header does not match its checksum',
  'bad-payload': 'its payload does not match its checksum',
  hole: 'its commit word is gone',
}

/** Returns the error with which a strict reader stops at damage. */
export function damageError(
  step: DamageStep,
  place: { readonly directory: string; readonly segment: MappedSegment; readonly offset: number; readonly expected: number },
): CorruptRecordError | SequenceGapError {
  const { directory, segment, offset, expected } = place
  const where = { directory, segmentId: segment.id, offset }
  if (step !== 'gap' && step !== 'impossible') return new CorruptRecordError({ ...where, detail: WORDS[step] })
  return new SequenceGapError({ ...where, expected, found: sequenceOf(segment, offset) })
}
