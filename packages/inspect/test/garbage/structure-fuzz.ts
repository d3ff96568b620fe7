import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  RECORD_HEADER_LENGTH,
  RECORD_SEQUENCE_OFFSET,
  SEGMENT_FIRST_RECORD_OFFSET,
  segmentFileName,
} from '@chronicle-ts/core/internal'
import type { Damage } from './damage-probes.js'
import type { MutableQueue } from './mutable-queue.js'
import { randomNumbers } from './random-numbers.js'
import { mutateStructure } from './structure-mutations.js'

/** A queue's files by name. */
export function readFiles(directory: string): Map<string, Buffer> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const names = entries.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort()
  return new Map(names.map((name) => [name, readFileSync(join(directory, name))]))
}

/** What this seed makes of a queue. */
export function structureDamage(template: ReadonlyMap<string, Buffer>, seed: number): Damage {
  const files = new Map([...template].map(([name, bytes]) => [name, Buffer.from(bytes)]))
  const queue: MutableQueue = { files, random: randomNumbers(seed), writerOnly: false, mayHide: false, misleads: false }
  const changes = mutateStructure(queue)
  return {
    ...replacing(template, files),
    file: `seed ${seed}`,
    what: changes.join('; '),
    writerOnly: queue.writerOnly,
    // Two faults at once may confirm each other: then only what can be decided by looking at one message is promised.
    mayHide: queue.mayHide || changes.length > 1,
    misleads: queue.misleads,
    losesBeginning: losesBeginning(files.get(segmentFileName(0))),
  }
}

/** Whether the first segment is gone, empty, or begins with another message than the first. */
function losesBeginning(segment: Buffer | undefined): boolean {
  const at = SEGMENT_FIRST_RECORD_OFFSET
  if (segment === undefined || segment.length < at + RECORD_HEADER_LENGTH) return true
  return segment.readUInt32LE(at) === 0 || segment.readBigUInt64LE(at + RECORD_SEQUENCE_OFFSET) !== 0n
}

/** The files that differ, as a damage names them. */
function replacing(
  before: ReadonlyMap<string, Buffer>,
  after: ReadonlyMap<string, Buffer>,
): { files: Record<string, string | null> } {
  const names = new Set([...before.keys(), ...after.keys()])
  const changed = [...names].filter((name) => !after.get(name)?.equals(before.get(name) ?? Buffer.alloc(0)) || !before.has(name))
  return { files: Object.fromEntries(changed.map((name) => [name, after.get(name)?.toString('hex') ?? null])) }
}
