import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { f64, message } from '@chronicle-ts/schema'
import { openTypedWriter } from '@chronicle-ts/typed'
import { readQueue } from '#witness'
import { type QueueCase, SEGMENT_SIZE } from '../queue-case.js'
import { chronCli } from './chron-cli.js'
import type { Operation } from './operation.js'

const COUNT = 20
const SCHEMA_FILE = join('schemas', '1.1.json')

/** A queue with messages and a type in its registry, without a writer. */
function write(queue: QueueCase): void {
  openTypedWriter(queue.directory, [message('Quote', 1, { bid: f64() })], {
    segmentSize: SEGMENT_SIZE,
    heartbeatIntervalMs: 0,
  }).close()
  queue.openWriter()
  queue.append(COUNT)
  queue.flushSync()
  queue.closeAll()
}

interface Bundle {
  readonly inspection: { readonly head: { readonly nextSequence?: number }; readonly problems: readonly { code: string }[] }
  readonly files: { readonly count: number; readonly files: readonly object[] }
}

/** A bundle says of each part that could not be read why. */
const bundle: Operation = {
  name: 'bundle',
  prepare: write,
  async run(queue) {
    await chronCli(queue, 'bundle', queue.directory, '-o', bundleOf(queue))
  },
  look(queue) {
    const isThere = existsSync(bundleOf(queue))
    if (isThere !== (queue.said === 'well'))
      queue.ledger.find(`bundle ${isThere ? 'failed, and there is a file' : 'left no file'}`)
    if (!isThere) return
    const text = gunzipSync(readFileSync(bundleOf(queue))).toString('utf8')
    const { inspection, files } = JSON.parse(text) as Bundle
    const isComplete = !text.includes('"error"') && inspection.problems.length === 0
    if (isComplete && inspection.head.nextSequence !== COUNT)
      queue.ledger.find(`the bundle says that the next sequence is ${inspection.head.nextSequence}, and reports nothing`)
    if (isComplete && files.files.length !== files.count)
      queue.ledger.find(`the bundle has ${files.files.length} files of ${files.count}, and reports nothing`)
    rmSync(bundleOf(queue))
  },
  async retry(queue) {
    await this.run(queue)
    await this.look?.(queue)
  },
}

function bundleOf(queue: QueueCase): string {
  return join(queue.folder, 'bundle.json.gz')
}

const exportSchema: Operation = {
  name: 'export schemas',
  prepare: write,
  async run(queue) {
    const printed = await chronCli(queue, 'schema', 'export', queue.directory)
    if (queue.said !== 'well') return
    const { schemas } = JSON.parse(printed) as { schemas: readonly object[] }
    if (schemas.length !== 1) queue.ledger.find(`schema export ended well with ${schemas.length} types of 1`)
  },
}

/** The target gets messages from the first on, as many as were replayed, and their types. */
const replay: Operation = {
  name: 'replay',
  prepare: write,
  async run(queue) {
    await chronCli(queue, 'replay', queue.directory, '--to', targetOf(queue), '--speed', 'max', '--yes')
  },
  look(queue) {
    const target = targetOf(queue)
    const found = existsSync(join(target, 'control.meta')) ? readQueue(target) : { records: [], problems: [] }
    const originals = readQueue(queue.directory).records
    for (const [index, record] of found.records.entries())
      if (!record.payload?.equals(originals[index]?.payload ?? Buffer.alloc(0)))
        queue.ledger.find(`message ${index} of the target is not that of the source`)
    if (queue.said !== 'well') return
    if (found.records.length !== COUNT) queue.ledger.find(`replay ended well with ${found.records.length} messages of ${COUNT}`)
    for (const { code, file } of found.problems) queue.ledger.find(`the target has ${code} ${file}`)
    if (!existsSync(join(target, SCHEMA_FILE))) queue.ledger.find('replay ended well, and the target lacks a type')
  },
  async retry(queue) {
    rmSync(targetOf(queue), { recursive: true, force: true })
    await this.run(queue)
    await this.look?.(queue)
  },
}

function targetOf(queue: QueueCase): string {
  return join(queue.folder, 'target')
}

/** What was acknowledged before stays acknowledged. */
const acknowledge: Operation = {
  name: 'acknowledge',
  prepare(queue) {
    write(queue)
    // A problem that harms no message.
    writeFileSync(join(queue.directory, 'thresholds.json'), 'damaged')
    writeFileSync(
      acknowledgedOf(queue),
      JSON.stringify({ schemaVersion: 1, problems: [{ code: 'SEGMENT_MISSING', segmentId: 77 }] }),
    )
  },
  async run(queue) {
    await chronCli(queue, 'doctor', queue.directory, '--acknowledge', '--yes')
  },
  look(queue) {
    const text = existsSync(acknowledgedOf(queue)) ? readFileSync(acknowledgedOf(queue), 'utf8') : '{"problems":[]}'
    const { problems } = JSON.parse(text) as { problems: readonly { readonly code: string }[] }
    const codes = problems.map(({ code }) => code)
    if (!codes.includes('SEGMENT_MISSING')) queue.ledger.find('what was acknowledged before is not any more')
    if (queue.said === 'well' && !codes.includes('THRESHOLDS_BAD'))
      queue.ledger.find('acknowledge ended well without its problem')
  },
  async retry(queue) {
    await this.run(queue)
    await this.look?.(queue)
  },
}

function acknowledgedOf(queue: QueueCase): string {
  return join(queue.directory, 'acknowledged.json')
}

export const COMMANDING: readonly Operation[] = [bundle, exportSchema, replay, acknowledge]
