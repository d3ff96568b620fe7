import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { QueueCase } from '../queue-case.js'
import type { Operation } from './operation.js'

/** Opens the writer, when it is not open yet, and uses it a little. */
function openAndUse(queue: QueueCase): void {
  if (queue.writer === undefined) queue.openWriter()
  queue.append(2)
}

function existing(queue: QueueCase, count: number): void {
  queue.openWriter()
  queue.append(count)
  queue.flushSync()
}

const openNew: Operation = {
  name: 'open a new queue',
  prepare: () => undefined,
  run: openAndUse,
}

const openExisting: Operation = {
  name: 'open an existing queue',
  prepare(queue) {
    existing(queue, 9)
    queue.closeAll()
  },
  run: openAndUse,
}

/** The directory as the death of its writer leaves it, taken from the middle of the writer's life: it takes the place of the one that was closed. */
function die(queue: QueueCase, change: (directory: string) => void = () => undefined): void {
  const { directory } = queue
  const image = `${directory}-killed`
  cpSync(directory, image, { recursive: true, filter: (path) => !path.endsWith('.tmp') })
  queue.closeAll()
  for (const name of ['control.meta', 'writer.lock', 'index.meta']) {
    if (existsSync(join(image, name))) writeFileSync(join(directory, name), readFileSync(join(image, name)))
  }
  for (let id = 0; existsSync(segmentOf(image, id)); id++)
    writeFileSync(segmentOf(directory, id), readFileSync(segmentOf(image, id)))
  change(directory)
}

function segmentOf(directory: string, id: number): string {
  return join(directory, `${String(id).padStart(9, '0')}.q`)
}

const openAfterKill: Operation = {
  name: 'open after a kill',
  prepare(queue) {
    existing(queue, 9)
    queue.append(2)
    const claim = queue.writer?.claim(7, 300)
    claim?.payload.fill(0x55)
    die(queue)
  },
  run: openAndUse,
}

/** Another boot, and the page of the last message is missing: what was flushed stays, the message after the hole is set aside. */
const openAfterPowerCut: Operation = {
  name: 'open after a power cut',
  prepare(queue) {
    existing(queue, 9)
    const { segmentId, offset } = queue.writer?.position ?? { segmentId: 0, offset: 0 }
    const { next } = queue.ledger
    queue.append(2)
    die(queue, (directory) => {
      const path = segmentOf(directory, segmentId)
      const bytes = readFileSync(path)
      writeFileSync(path, bytes.fill(0, offset, Math.min(offset + 64, bytes.length)))
      const control = readFileSync(join(directory, 'control.meta'))
      writeFileSync(join(directory, 'control.meta'), control.fill(0xb0, 32, 48))
    })
    for (const sequence of [...queue.ledger.accepted]) if (sequence >= next) queue.ledger.accepted.delete(sequence)
  },
  run: openAndUse,
}

const openAfterLostControl: Operation = {
  name: 'open without control.meta',
  prepare(queue) {
    existing(queue, 9)
    queue.closeAll()
    writeFileSync(join(queue.directory, 'control.meta'), Buffer.alloc(512))
  },
  run: openAndUse,
}

const closeWriter: Operation = {
  name: 'close a writer',
  prepare(queue) {
    queue.openWriter({ flushPolicy: { everyMessages: 4 } })
    queue.append(9)
  },
  run: (queue) => queue.closeAll(),
  retry: openAndUse,
}

export const OPENING: readonly Operation[] = [
  openNew,
  openExisting,
  openAfterKill,
  openAfterPowerCut,
  openAfterLostControl,
  closeWriter,
]
