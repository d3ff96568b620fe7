import { openReader, ReaderActiveError, removeReader } from '@chronicle-ts/core'
import { inspectQueue, openColdReader } from '@chronicle-ts/inspect'
import { asOwnerOf } from '../../as-owner.js'
import type { CommandContext } from '../../command-context.js'
import { UsageError } from '../../command-error.js'
import { interruptible, takeTurn } from '../../interruptible.js'
import { toJsonReport } from '../../output/json.js'
import { printable } from '../../output/printable.js'
import { findReader } from './list-readers.js'
import type { ReadersOptions } from './readers-options.js'

interface ReaderChange {
  readonly name: string
  readonly options: ReadersOptions
}

/** Gives a registered reader another position; without `--yes` it only says which. */
export async function resetReader(context: CommandContext, queue: string, { name, options }: ReaderChange): Promise<void> {
  const { to: place, yes = false } = options
  if (place === undefined) throw new UsageError('say where to: --to earliest, latest, sequence:<n>, or a time')
  const from = checkedPosition(queue, name)
  requireReached(queue, place)
  await takeTurn(context)
  if (yes) await asOwnerOf(queue, () => moveTo(queue, name, place))
  const to = yes ? findReader(queue, name).position : placeOf(queue, place)
  if (context.json) context.output.line(toJsonReport('readers', { queue, reader: name, from, to, written: yes }))
  else {
    const path = `reader ${printable(name)}: ${textOf(from)} to ${textOf(to)}`
    context.output.line(yes ? path : `${path}\nNothing was changed. Add --yes to do it.`)
  }
}

/** Forgets a registered reader; without `--yes` it only says so. */
export async function removeReaderOf(context: CommandContext, queue: string, { name, options }: ReaderChange): Promise<void> {
  const { yes = false } = options
  const from = checkedPosition(queue, name)
  await takeTurn(context)
  const removed = yes && (await asOwnerOf(queue, () => removeReader(queue, name)))
  if (context.json) context.output.line(toJsonReport('readers', { queue, reader: name, from, removed }))
  else if (removed) context.output.line(`reader ${printable(name)} is forgotten; it stood at ${textOf(from)}`)
  else
    context.output.line(
      `would forget reader ${printable(name)}, which stands at ${textOf(from)}\nNothing was changed. Add --yes to do it.`,
    )
}

type Position = ReturnType<typeof findReader>['position']

/** Where a reader stands that is there and not running. */
function checkedPosition(queue: string, name: string): Position {
  const { position, lock } = findReader(queue, name)
  if (lock.held === true) throw new ReaderActiveError({ directory: queue, reader: name, pid: lock.pid })
  return position
}

/** A reader at the end would read messages before the one that was asked for. */
function requireReached(queue: string, place: NonNullable<ReadersOptions['to']>): void {
  if (typeof place === 'string' || !('sequence' in place)) return
  const { nextSequence } = inspectQueue(queue, { quick: true, segmentLimit: 2 }).head
  if (nextSequence !== undefined && place.sequence > nextSequence)
    throw new UsageError(
      `sequence ${place.sequence} is not there yet, the next message has ${nextSequence}: --to latest goes to the end`,
    )
}

function moveTo(queue: string, name: string, place: NonNullable<ReadersOptions['to']>): void {
  using reader = openReader(queue, name, { onLost: 'snap', onCorrupt: 'skip' })
  reader.seek(place)
  reader.commit({ durable: true })
}

function placeOf(queue: string, place: NonNullable<ReadersOptions['to']>): Position {
  using reader = interruptible(() => openColdReader(queue, { from: place }))
  return reader.position
}

function textOf(position: Position): string {
  return position === undefined ? 'an unreadable position' : `segment ${position.segmentId}, offset ${position.offset}`
}
