import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BACKUP_FILE, backupQueue, restoreQueue, salvageQueue } from '@chronicle-ts/inspect'
import { readQueue } from '#witness'
import { messageOf } from '../ledger.js'
import type { QueueCase } from '../queue-case.js'
import type { Operation } from './operation.js'

const COUNT = 40
const READ = 7

/** A queue of some segments, with a reader in the middle of them. */
function write(queue: QueueCase): void {
  queue.openWriter()
  queue.append(COUNT)
  queue.flushSync()
  queue.openReader('first')
  queue.readAndCommit('first', READ)
  queue.closeAll()
}

/** What the making of a copy reports. */
interface Report {
  readonly problems: readonly { readonly severity: string }[]
  readonly missing?: number
}

/** Only a salvage may: a backup is whole, or is not made. */
function losesMessages({ problems, missing }: Report): boolean {
  return missing !== undefined && (missing > 0 || problems.length > 0)
}

/** What a copy that was reported as made has to be. */
function checkCopy(queue: QueueCase, target: string): void {
  const { records, problems, readers } = readQueue(target)
  if (records.length !== COUNT) queue.ledger.find(`the copy has ${records.length} messages of ${COUNT}`)
  for (const [index, { sequence, typeId, payload }] of records.entries()) {
    const expected = messageOf(index)
    if (Number(sequence) !== index || typeId !== expected.typeId || payload?.equals(expected.payload) !== true)
      queue.ledger.find(`the copy has another message than the original at sequence ${index}`)
  }
  for (const { code, file, detail } of problems)
    if (file !== BACKUP_FILE) queue.ledger.find(`the copy has ${code} ${file} ${detail}`)
  const place = records[READ]
  const reader = readers['first']
  if (Number(reader?.segment) !== place?.segment || Number(reader?.offset) !== place?.offset)
    queue.ledger.find(
      `the reader of the copy stands at ${reader?.segment}:${reader?.offset}, not at ${place?.segment}:${place?.offset}`,
    )
}

/** Names in the folder of the case that neither the queue nor the copies have. */
function leftovers(queue: QueueCase, known: readonly string[]): string[] {
  return readdirSync(queue.folder).filter((name) => name !== 'queue' && !known.includes(name))
}

/** Makes a copy under a name. Nothing has that name unless the copy is whole, and what was left of a copy that failed does not keep the next one from being made. */
function copying(
  name: string,
  {
    prepare,
    make,
    sources = [],
  }: { prepare: (queue: QueueCase) => void; make: (queue: QueueCase, target: string) => Report; sources?: readonly string[] },
): Operation {
  const targetOf = (queue: QueueCase): string => join(queue.folder, 'target')
  return {
    name,
    prepare,
    run(queue) {
      const report = queue.attempt(name, () => make(queue, targetOf(queue)))
      // A loss that is reported is true.
      queue.said = report === undefined ? undefined : losesMessages(report) ? 'made in part' : 'made'
    },
    look(queue) {
      const isThere = existsSync(targetOf(queue))
      if (queue.said === 'made') checkCopy(queue, targetOf(queue))
      else if (queue.said === undefined && isThere) queue.ledger.find(`${name} failed, and there is a copy`)
    },
    retry(queue) {
      if (existsSync(targetOf(queue))) return
      this.run(queue)
      if (queue.said === 'made') checkCopy(queue, targetOf(queue))
    },
    check(queue) {
      const left = leftovers(queue, ['target', ...sources])
      if (left.length > 0) queue.ledger.find(`at the end there is ${left.join(' and ')}`)
    },
  }
}

export const COPYING: readonly Operation[] = [
  copying('back up', { prepare: write, make: (queue, target) => backupQueue(queue.directory, target) }),
  copying('restore', {
    prepare(queue) {
      write(queue)
      backupQueue(queue.directory, join(queue.folder, 'backup'))
    },
    make: (queue, target) => restoreQueue(join(queue.folder, 'backup'), target),
    sources: ['backup'],
  }),
  copying('salvage', { prepare: write, make: (queue, target) => salvageQueue(queue.directory, target) }),
]
