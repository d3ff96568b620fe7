import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspectQueue, pruneQueue, repairQueue, verifyQueue } from '@chronicle-ts/inspect'
import type { QueueCase } from '../queue-case.js'
import type { Operation } from './operation.js'

const RULES = { consumed: true } as const

async function retire(queue: QueueCase): Promise<void> {
  queue.readAndCommit('first', 6, { durable: true })
  queue.append(6)
  // Retention works when the event loop turns, and deletes in the background.
  for (let turns = 0; turns < 4; turns++) await sleep(1)
}

const retention: Operation = {
  name: 'retention',
  deletes: true,
  prepare(queue) {
    queue.openWriter({ retention: RULES })
    queue.openReader('first')
    queue.append(20)
  },
  run: retire,
  async retry(queue) {
    await retire(queue)
    queue.readAndCommit('first', 100, { durable: true })
    queue.append(6)
  },
}

const bounded: Operation = {
  name: 'append to a bounded queue',
  deletes: true,
  prepare(queue) {
    queue.openWriter({ maxSegments: 4 })
    queue.openReader('first')
    queue.append(10)
  },
  async run(queue) {
    queue.readAndCommit('first', 8)
    queue.append(5)
    await sleep(1)
    queue.readAndCommit('first', 5)
    queue.append(5)
  },
  lasting: ['ERR_QUEUE_FULL'],
}

const prune: Operation = {
  name: 'prune',
  prepare(queue) {
    queue.openWriter()
    queue.openReader('first')
    queue.append(20)
    queue.readAndCommit('first', 15, { durable: true })
    queue.closeAll()
  },
  async run(queue) {
    queue.said = await queue.attemptAsync('pruneQueue', () => pruneQueue(queue.directory, RULES))
  },
  look(queue) {
    const gone = queue.said as number[] | undefined
    const left = new Set(segmentsOf(queue))
    for (const id of gone ?? [])
      if (left.has(id)) queue.ledger.find(`pruneQueue says that segment ${id} is gone, and it is there`)
    if (gone === undefined) return
    const first = Math.min(...left)
    if (gone.length !== first) queue.ledger.find(`pruneQueue says that ${gone.length} segments are gone, and ${first} are`)
  },
}

function segmentsOf({ directory }: QueueCase): number[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.q'))
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b)
}

/** A queue with 20 messages in six segments, closed, and then damaged. */
function repairOf(what: string, damage: (directory: string, queue: QueueCase) => void): Operation {
  const repair = (queue: QueueCase) => {
    const report = queue.attempt('repairQueue', () => repairQueue(queue.directory))
    for (const { state, step, detail } of report?.outcomes ?? [])
      if (state === 'failed') queue.ledger.failures.push({ doing: `step ${step.kind}`, code: 'failed step', text: detail })
  }
  return {
    name: `repair ${what}`,
    prepare(queue) {
      queue.openWriter()
      queue.openReader('first')
      queue.append(20)
      queue.readAndCommit('first', 7, { durable: true })
      queue.flushSync()
      queue.closeAll()
      damage(queue.directory, queue)
    },
    run: repair,
    retry(queue) {
      repair(queue)
      const left = queue.attempt('inspectQueue', () => inspectQueue(queue.directory).problems) ?? []
      const broken = left.filter(({ severity }) => severity === 'critical')
      if (broken.length > 0) queue.ledger.find(`after a second repair: ${broken.map(({ code }) => code).join(' ')}`)
    },
  }
}

function change(path: string, by: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, by(readFileSync(path)))
}

const REPAIRS = [
  repairOf('a zeroed segment header', (directory) => change(join(directory, '000000002.q'), (bytes) => bytes.fill(0, 0, 64))),
  repairOf('a zeroed control block', (directory) => change(join(directory, 'control.meta'), (bytes) => bytes.fill(0))),
  repairOf('a cut segment', (directory) =>
    change(join(directory, '000000001.q'), (bytes) => bytes.subarray(0, bytes.length - 64)),
  ),
  repairOf('a stray file', (directory) => writeFileSync(join(directory, '000000099.q'), 'not a segment')),
  repairOf('a damaged position', (directory, queue) => {
    change(join(directory, 'readers/first.meta'), (bytes) => bytes.fill(0x5a))
    queue.ledger.positions.set('first', new Set([0, 7]))
  }),
]

const verify: Operation = {
  name: 'verify',
  prepare(queue) {
    queue.openWriter()
    queue.append(20)
    queue.flushSync()
  },
  run(queue) {
    queue.attempt('verifyQueue', () => {
      using verification = verifyQueue(queue.directory)
      while (verification.step());
      const unreadable = verification.problems.length > 0
      if (!unreadable && verification.progress.records !== queue.ledger.next)
        queue.ledger.find(`verify finds ${verification.progress.records} records of ${queue.ledger.next} and no problem`)
    })
  },
}

export const KEEPING_HOUSE: readonly Operation[] = [retention, bounded, prune, ...REPAIRS, verify]
