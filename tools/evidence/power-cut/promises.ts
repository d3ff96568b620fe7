import crc from 'crc-32'
import type { Recording } from './recording.js'

/** What a cut must leave, as it was known at the instant of the cut. */
export interface Promises extends Origin {
  /** Everything before this sequence survives. */
  readonly durable: number
}

/** What was known when a history began. */
export interface Origin {
  readonly seed: number
  readonly segmentSize: number
  /** By generation, the first sequence that its writer gave; infinite when no writer had opened yet. */
  readonly bases: readonly number[]
  /** Messages after the durable mark that were on the disk when this generation began, as far as nothing may delete them. */
  readonly unsynced: readonly number[]
  /** The oldest message that retention had not begun to delete. */
  readonly oldest: number
  /** By reader: the next message of its last durable commit, and of the furthest commit that it had begun. */
  readonly readers: ReadonlyMap<string, { readonly durable: number; readonly furthest: number }>
}

/** What was known at a cut, from what the process said and what the control block held. */
export function promisesAt(recording: Recording, cut: number, origin: Origin): Promises {
  const readers = new Map(origin.readers)
  let durable = 0
  const bases = [...origin.bases]
  let isOpened = bases.length === 1
  for (const { step, text } of recording.notes) {
    if (step > cut) break
    const [what, ...facts] = text.split(' ')
    if (what === 'open' && !isOpened) {
      isOpened = true
      const base = Number(facts[0])
      bases[bases.length - 1] = base
      // What was lost in the first cut is lost for the readers too.
      for (const [name, { durable, furthest }] of readers)
        readers.set(name, { durable: Math.min(durable, base), furthest: Math.min(furthest, base) })
    }
    if (what === 'durable') durable = Number(facts[0])
    if (what === 'commit') {
      const [name = '', next = ''] = facts
      const known = readers.get(name)
      readers.set(name, { durable: known?.durable ?? 0, furthest: Math.max(known?.furthest ?? 0, Number(next)) })
    }
    if (what === 'durable-commit') {
      const [name = '', next = ''] = facts
      readers.set(name, { durable: Number(next), furthest: readers.get(name)?.furthest ?? 0 })
    }
  }
  const files = recording.filesAt(cut)
  const control = files.get('queue/control.meta')?.bytesAt(cut)
  return {
    ...origin,
    bases,
    readers,
    durable: Math.max(durable, control === undefined ? 0 : durableMark(control)),
    oldest: Math.max(origin.oldest, oldestAt(recording, cut)),
  }
}

/** The first sequence of the lowest segment that retention had neither announced, ever, nor deleted. Segments that recovery made show none. */
function oldestAt(recording: Recording, cut: number): number {
  let announced = 0
  for (const { step, value } of recording.filesAt(cut).get('queue/control.meta')?.sectors[0] ?? [])
    if (step <= cut) announced = Math.max(announced, Number(value.readBigUInt64LE(136)) - 1)
  const segments = [...recording.filesAt(cut)]
    .filter(([path]) => segmentIdOf(path) >= announced)
    .sort(([a], [b]) => segmentIdOf(a) - segmentIdOf(b))
  for (const [, file] of segments) {
    const header = file.bytesAt(cut)
    const firstPlusOne = header.length < 24 ? 0 : Number(header.readBigUInt64LE(16))
    if (firstPlusOne > 0) return firstPlusOne - 1
  }
  return Number.POSITIVE_INFINITY
}

function segmentIdOf(path: string): number {
  const match = /^queue\/(\d+)\.q$/.exec(path)
  return match === null ? -1 : Number(match[1])
}

function durableMark(control: Buffer): number {
  let newest = { generation: -1, sequence: 0 }
  for (const at of [64, 96]) {
    const slot = control.subarray(at, at + 32)
    if (slot.length < 32 || crc.buf(slot.subarray(0, 24)) >>> 0 !== slot.readUInt32LE(24)) continue
    const generation = slot.readUInt32LE(20)
    if (generation > newest.generation) newest = { generation, sequence: Number(slot.readBigUInt64LE(0)) }
  }
  return newest.sequence
}

/** The generation that wrote the message of this sequence: the last one that began at it or before it. */
export function generationOf({ bases }: Origin, sequence: number): number {
  return bases.findLastIndex((base) => base <= sequence) + 1
}
