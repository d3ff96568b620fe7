import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { InvalidArgumentError, QUEUE_CHANNELS, type QueueChannel } from '@chronicle-ts/core'
import { checkMembers } from '@chronicle-ts/core/internal'

/** What it logs to: pino has this shape, and so have most loggers that take an object first. */
export interface LogTarget {
  debug(facts: object, text: string): void
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
  error(facts: object, text: string): void
}

const LINES: Readonly<Record<QueueChannel, { readonly level: keyof LogTarget; readonly text: string }>> = {
  'chronicle:roll': { level: 'debug', text: 'the writer went on to the next segment' },
  'chronicle:blocked': { level: 'warn', text: 'the writer waits for readers, because the queue is full' },
  'chronicle:recovery': { level: 'warn', text: 'the open corrected what the last writer left' },
  'chronicle:retention': { level: 'info', text: 'retention deleted a segment or released a reader' },
  'chronicle:loss': { level: 'error', text: 'a reader went on although messages that it had not read were deleted' },
  'chronicle:damage': { level: 'error', text: 'a reader met damaged or missing records' },
  'chronicle:full': { level: 'error', text: 'an append was refused, because the queue is full' },
}

/**
 * Logs what happens to the queues of this process, from the channels of `node:diagnostics_channel`. There is no line per message.
 *
 * @returns what stops it.
 *
 * @example
 * ```ts
 * const stop = logTo(pino())
 * ```
 */
export function logTo(target: LogTarget, channels: readonly QueueChannel[] = QUEUE_CHANNELS): () => void {
  checkMembers('target', target, ['debug', 'info', 'warn', 'error'], 'a logger')
  if (!Array.isArray(channels) || !channels.every((channel) => QUEUE_CHANNELS.includes(channel)))
    throw new InvalidArgumentError({ argument: 'channels', value: channels, expected: 'an array of names in QUEUE_CHANNELS' })
  const subscriptions = channels.map((channel: QueueChannel) => {
    const { level, text } = LINES[channel]
    const listener = (event: unknown) => target[level]({ channel, ...(event as object) }, text)
    subscribe(channel, listener)
    return () => unsubscribe(channel, listener)
  })
  return () => {
    for (const stop of subscriptions) stop()
  }
}
