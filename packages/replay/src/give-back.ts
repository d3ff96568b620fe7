import type { MessageSource, Position } from '@chronicle-ts/core'

/**
 * Moves a source back to a message that it has returned and that was not handled. A caller may continue with a source of its own: without this the next read would skip the message, and a
 * commit would count it as done.
 *
 * @param position read only from a source that is open: the message of a closed one has no place.
 */
export function giveBack(source: MessageSource, position: Position): void {
  if (source.closed) return
  const { segmentId, offset } = position
  source.seek({ segmentId, offset })
}
