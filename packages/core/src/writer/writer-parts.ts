import { binding, type NativeAppender } from '@chronicle-ts/native'
import { closeQuietly } from '../files/close-quietly.js'
import { openPath } from '../files/regular-file.js'
import { Retirement } from '../retention/retirement.js'
import { segmentPath } from '../segment/segment-files.js'
import { Durability } from './durability.js'
import { durableStart } from './durable-start.js'
import { retentionRulesOf } from './limits.js'
import type { OpenedQueue } from './opened-queue.js'
import { WriteAhead } from './write-ahead.js'

/** The native half of a writer, placed where the queue's next record goes. It is detached when the writer closes. */
export function makeAppender(opened: OpenedQueue): NativeAppender {
  const { control, lock, releases, epoch, options } = opened
  const appender = binding.createAppender({
    control: control.mapping,
    writerEpoch: epoch,
    extensions: options.extensions,
    hold: lock.hold,
    durable: durableStart(opened),
  })
  releases.push(() => appender.detach())
  attach(appender, opened)
  return appender
}

function attach(appender: NativeAppender, { directory, control, tail }: OpenedQueue): void {
  const { segment, offset, nextSequence } = tail
  if (segment.size === control.segmentSize) {
    appender.attach(segment.mapping, segment.id, offset, nextSequence)
    return
  }
  const fd = openPath(segmentPath(directory, segment.id), 'write')
  try {
    appender.attach(fd, segment.id, offset, nextSequence, control.segmentSize)
  } finally {
    closeQuietly(fd)
  }
}

/** @param isClosing whether the writer is closed and still owns the queue: a writer that was never returned has appended nothing. */
export function makeDurability(opened: OpenedQueue, appender: NativeAppender, isClosing: () => boolean): Durability {
  const { control, lock, releases, options } = opened
  const policy = options.flushPolicy
  const durability = new Durability({ lock, control, appender, policy })
  releases.push(() => durability.close())
  releases.push(() => {
    if (policy !== undefined && isClosing()) durability.request()
  })
  return durability
}

export function makeWriteAhead(opened: OpenedQueue, appender: NativeAppender): WriteAhead {
  const { directory, control, preparer, options } = opened
  const { segmentSize } = control
  const { prefault, mlock } = options
  return new WriteAhead({
    appender,
    preparer,
    directory: directory.path,
    segmentSize,
    prefault: prefault !== false,
    whole: mlock || prefault === 'segment',
  })
}

/** Started; `undefined` when nothing is ever deleted. */
export function makeRetirement(
  opened: OpenedQueue,
  head: () => { readonly segmentId: number; readonly offset: number },
): Retirement | undefined {
  const { directory, control, lock, releases, options } = opened
  const { onReaderReleased } = options
  const rules = retentionRulesOf(options)
  if (rules === undefined) return undefined
  const retirement = new Retirement({ directory, lock, control, rules, head, onReaderReleased })
  releases.push(() => retirement.close())
  retirement.start()
  return retirement
}

/** Does something again and again until the writer is closed. */
export function repeat({ releases }: OpenedQueue, step: () => void, everyMs: number): void {
  const timer = setInterval(step, everyMs).unref()
  releases.push(() => clearInterval(timer))
}
