import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readQueue } from '#witness'
import type { QueueCase } from '../queue-case.js'
import { chronCli } from './chron-cli.js'
import type { Operation } from './operation.js'

const COUNT = 20

function write(queue: QueueCase): void {
  queue.openWriter()
  queue.append(COUNT)
  queue.flushSync()
}

const exportToFile: Operation = {
  name: 'export to a file',
  prepare: write,
  async run(queue) {
    await chronCli(queue, 'export', queue.directory, '-o', join(queue.folder, 'export.ndjson'))
  },
  look(queue) {
    if (queue.said === undefined) return
    const lines = readFileSync(join(queue.folder, 'export.ndjson'), 'utf8').split('\n')
    if (lines.length !== COUNT + 1 || lines.at(-1) !== '')
      queue.ledger.find(`export ended well with ${lines.length - 1} lines of ${COUNT}`)
  },
}

/** What was imported are the first messages of the file. */
const importFromFile: Operation = {
  name: 'import from a file',
  async prepare(queue) {
    write(queue)
    await chronCli(queue, 'export', queue.directory, '-o', messagesOf(queue))
    queue.closeAll()
    rmSync(queue.directory, { recursive: true })
    queue.ledger.accepted.clear()
  },
  async run(queue) {
    if (queue.ledger.next > 0) return
    await chronCli(queue, 'import', queue.directory, messagesOf(queue), '--segment-size', '4096', '--yes')
  },
  look(queue) {
    const records = existsSync(queue.directory) ? readQueue(queue.directory).records : []
    queue.ledger.accept(0, records.length)
    if (queue.said !== undefined && records.length !== COUNT)
      queue.ledger.find(`import ended well with ${records.length} messages of ${COUNT}`)
  },
  async retry(queue) {
    await this.run(queue)
    await this.look?.(queue)
  },
}

function messagesOf(queue: QueueCase): string {
  return join(queue.folder, 'messages.ndjson')
}

export const EXCHANGE: readonly Operation[] = [exportToFile, importFromFile]
