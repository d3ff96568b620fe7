import { binding } from '@chronicle-ts/native'
import type { MappedControl } from '../control/mapped-control.js'
import type { Position } from '../positions/position-file.js'
import type { Message } from './message.js'
import type { Lag } from './source-types.js'

/** Where a source stands. */
interface Place {
  /** What {@link peekOrUnreadable} returned. */
  readonly next: Message | 'unreadable' | undefined
  readonly position: Position
  readonly nextSequence: number
}

/** How far a source is behind its writer. When damage hides the next message, its age is unknown, and 0n. */
export function lagOf(control: MappedControl, { next, position, nextSequence }: Place): Lag {
  const head = control.readHead() ?? position
  const bytes = Math.max(0, (head.segmentId - position.segmentId) * control.segmentSize + head.offset - position.offset)
  if (next === undefined) return { messages: 0, bytes, ns: 0n }
  const headSequence = control.nextSequenceAcquire() ?? Number.NaN
  if (next === 'unreadable') return { messages: nextSequence < 0 ? Number.NaN : headSequence - nextSequence, bytes, ns: 0n }
  const age = binding.realtimeNs() - next.timestampNs
  return { messages: headSequence - next.sequence, bytes, ns: age > 0n ? age : 0n }
}

export function peekOrUnreadable(source: { peek(): Message | undefined }): Message | 'unreadable' | undefined {
  try {
    return source.peek()
  } catch {
    return 'unreadable'
  }
}
