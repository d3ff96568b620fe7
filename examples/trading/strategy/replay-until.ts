import { type Message, openObserver, type Position } from '@chronicle-ts/core'

/**
 * Shows every message in front of a position once more, without being a reader: how a program gets back what it knew when it saved that position.
 *
 * A strategy that runs for months would save a snapshot of its state now and then and replay from there; see the late joiner.
 */
export function replayUntil(directory: string, end: Position, handler: (message: Message) => void): void {
  using history = openObserver(directory, { start: 'earliest' })
  for (let message = history.next(); message !== undefined; message = history.next()) {
    if (message.segmentId > end.segmentId || (message.segmentId === end.segmentId && message.offset >= end.offset)) return
    handler(message)
  }
}
