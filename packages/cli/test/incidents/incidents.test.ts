import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { inspectQueue, PROBLEMS, type ProblemCode } from '@chronicle-ts/inspect'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QueueFolder } from '../support/queue-folder.js'
import { describedIncidents, documentedIncidents, type Incident, nameOn } from './incident.js'
import { Role } from './role.js'
import { type Surface, surfacesOf } from './surfaces.js'

/** A surface that has not said it by then never will. The times that it took are printed: INCIDENTS=1. */
const PATIENCE_MS = 20_000

let folder: QueueFolder
let root: string
let queue: string
let writer: Role
let reader: Role
let surfaces: readonly Surface[]

function sealedSegment(): string {
  const { segments } = inspectQueue(queue, { quick: true })
  const sealed = segments.inspected.filter(({ sealed: isSealed }) => isSealed)
  const chosen = sealed[Math.floor(sealed.length / 2)] ?? expect.fail('no sealed segment')
  return join(queue, segmentFileName(chosen.segmentId))
}

let kept = ''

const INCIDENTS: readonly Incident[] = [
  {
    title: 'the writer is killed',
    code: 'WRITER_DEAD',
    exitCode: 3,
    begin: () => writer.kill(),
    end: async () => {
      writer = await Role.start('writer', queue)
    },
  },
  {
    title: 'a reader is killed',
    code: 'READER_DEAD',
    exitCode: 3,
    begin: () => reader.kill(),
    end: async () => {
      reader = await Role.start('reader', queue, 'audit')
    },
  },
  {
    title: 'a reader is stopped',
    code: 'READER_STOPPED',
    exitCode: 3,
    begin: () => void reader.child.kill('SIGSTOP'),
    end: () => void reader.child.kill('SIGCONT'),
  },
  {
    title: 'the writer is stopped',
    code: 'WRITER_STOPPED',
    exitCode: 2,
    begin: () => void writer.child.kill('SIGSTOP'),
    end: () => void writer.child.kill('SIGCONT'),
  },
  {
    title: 'the writer is blocked by a reader that holds the oldest segment',
    code: 'WRITER_BLOCKED',
    exitCode: 2,
    begin: async () => {
      await reader.tell('loop')
      await writer.tell('fast')
    },
    end: async () => {
      await writer.tell('slow')
      await reader.tell('work')
    },
  },
  {
    title: 'a reader loops and commits nothing',
    code: 'READER_LAGGING',
    exitCode: 3,
    begin: async () => {
      writeFileSync(join(queue, 'thresholds.json'), '{"lagSeconds":0.3}')
      await reader.tell('loop')
    },
    end: async () => {
      await reader.tell('work')
      rmSync(join(queue, 'thresholds.json'))
    },
  },
  {
    title: 'a segment is cut short',
    code: 'QUEUE_DAMAGED',
    exitCode: 2,
    doctor: 'SEGMENT_SHORT',
    begin: async () => {
      // The writer must not roll and delete meanwhile: it is at rest.
      writer.child.kill('SIGSTOP')
      kept = sealedSegment()
      copyFileSync(kept, folder.join('kept'))
      truncateSync(kept, 1000)
    },
    end: () => {
      copyFileSync(folder.join('kept'), kept)
      writer.child.kill('SIGCONT')
    },
  },
  {
    title: 'a segment is deleted',
    code: 'QUEUE_DAMAGED',
    exitCode: 2,
    doctor: 'SEGMENT_MISSING',
    begin: () => {
      writer.child.kill('SIGSTOP')
      kept = sealedSegment()
      renameSync(kept, folder.join('kept'))
    },
    end: () => {
      cpSync(folder.join('kept'), kept)
      writer.child.kill('SIGCONT')
    },
  },
  {
    title: 'a clock is forged',
    code: 'CLOCK_AHEAD',
    exitCode: 3,
    begin: () => writer.tell('forge'),
    end: async () => {
      await writer.tell('honest')
      // Retention deletes the segments with the forged times as the readers move on.
      await writer.tell('fast')
      await expect.poll(() => surfaces[0]?.look(), { timeout: PATIENCE_MS }).toMatchObject({ codes: [] })
      await writer.tell('slow')
    },
  },
  {
    title: 'a lease expires',
    code: 'LEASE_EXPIRED',
    exitCode: 3,
    begin: () => {
      const { pid } = writer.child
      const lease = { pid, startTime: 1, bootId: '', epoch: 1, timestampNs: String(BigInt(Date.now() - 60_000) * 1_000_000n) }
      writeFileSync(join(queue, 'LEASE'), `${JSON.stringify(lease)}\n`)
    },
    end: () => rmSync(join(queue, 'LEASE')),
  },
  {
    title: 'the directory is replaced by a copy',
    code: 'WRITER_REPLACED',
    exitCode: 2,
    begin: () => {
      // At rest, so that the copy is of one moment; outside of the root, so that only the copy is looked at.
      writer.child.kill('SIGSTOP')
      renameSync(queue, folder.join('moved'))
      cpSync(folder.join('moved'), queue, { recursive: true })
    },
    end: async () => {
      await writer.kill()
      await reader.kill()
      rmSync(queue, { recursive: true })
      renameSync(folder.join('moved'), queue)
      writer = await Role.start('writer', queue)
      reader = await Role.start('reader', queue, 'audit')
    },
  },
  {
    title: 'the disk is full',
    code: 'DISK_FULL',
    exitCode: 2,
    begin: () => {
      if (!mountSmall()) writeFileSync(join(queue, 'thresholds.json'), '{"diskFreeBytes":{"critical":1e300}}')
    },
    end: () => {
      if (!unmountSmall()) rmSync(join(queue, 'thresholds.json'))
    },
  },
]

/** A queue on a file system of its own, which a file fills; needs root. */
function mountSmall(): boolean {
  const small = join(root, 'small')
  mkdirSync(small)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small], { stdio: 'ignore' })
  } catch {
    rmSync(small, { recursive: true })
    return false
  }
  openWriter(join(small, 'queue'), { segmentSize: 4096 }).close()
  try {
    writeFileSync(join(small, 'filler'), Buffer.alloc(1024 * 1024))
  } catch {
    // It is full now, which is what it is for.
  }
  return true
}

function unmountSmall(): boolean {
  const small = join(root, 'small')
  if (!existsSync(small)) return false
  execFileSync('umount', [small])
  rmSync(small, { recursive: true })
  return true
}

async function awaitOnAll(condition: (surface: Surface) => Promise<void>): Promise<Record<string, number>> {
  const begun = performance.now()
  const took: Record<string, number> = {}
  for (const surface of surfaces) {
    await condition(surface)
    took[surface.name] = Math.round(performance.now() - begun)
  }
  return took
}

const isOk = async (surface: Surface) =>
  void (await expect
    .poll(() => surface.look(), { timeout: PATIENCE_MS, message: surface.name })
    .toMatchObject({
      codes: [],
      exitCode: surface.name === 'monitor' || surface.name === 'metrics' || surface.name === 'ui' ? undefined : 0,
    }))

describe('incidents, on every surface', () => {
  beforeAll(async () => {
    folder = new QueueFolder()
    root = folder.join('bus')
    queue = join(root, 'orders')
    mkdirSync(root)
    writer = await Role.start('writer', queue)
    reader = await Role.start('reader', queue, 'audit')
    surfaces = surfacesOf(root)
    // Some segments, so that one in the middle is sealed.
    await writer.tell('fast')
    while (inspectQueue(queue, { quick: true }).segments.inspected.filter(({ sealed }) => sealed).length < 3) await sleep(10)
    await writer.tell('slow')
  })
  afterAll(async () => {
    await writer.kill()
    await reader.kill()
    unmountSmall()
    folder.remove()
  })

  it.each(INCIDENTS.map((incident) => [incident.title, incident] as const))('%s', async (title, incident) => {
    await awaitOnAll(isOk)
    await incident.begin()
    const took = await awaitOnAll(async (surface) => {
      const wanted = nameOn(surface.name, incident)
      await expect
        .poll(async () => (await surface.look()).codes, { timeout: PATIENCE_MS, message: surface.name })
        .toContain(wanted)
      const { exitCode } = await surface.look()
      if (exitCode !== undefined)
        expect({ surface: surface.name, exitCode }).toEqual({ surface: surface.name, exitCode: incident.exitCode })
    })
    await incident.end()
    const over = await awaitOnAll(isOk)
    if (process.env['INCIDENTS'] !== undefined) console.info(title, 'said after ms', took, 'ok after ms', over)
  })

  it('two hundred queues appear at once, and are gone again', async () => {
    const many = join(root, 'many')
    for (let index = 0; index < 200; index += 1) openWriter(join(many, `queue-${index}`), { segmentSize: 4096 }).close()
    await awaitOnAll(async (surface) =>
      expect.poll(async () => (await surface.look()).queues, { timeout: PATIENCE_MS, message: surface.name }).toBe(201),
    )
    rmSync(many, { recursive: true })
    await awaitOnAll(async (surface) =>
      expect.poll(async () => (await surface.look()).queues, { timeout: PATIENCE_MS, message: surface.name }).toBe(1),
    )
  })

  it('are the table of docs/states.md', () => {
    expect(documentedIncidents()).toEqual(describedIncidents(INCIDENTS))
    for (const { doctor } of INCIDENTS)
      if (doctor !== undefined) expect(Object.keys(PROBLEMS)).toContain(doctor satisfies string as ProblemCode)
  })
})
