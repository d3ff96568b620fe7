import { readFileSync } from 'node:fs'

/** Sectors are written whole or not at all; a file is divided into them. */
export const SECTOR_LENGTH = 512

export const PAGE_LENGTH = 4096

/** Something that held from one step of the recording on. */
interface Version<T> {
  readonly step: number
  readonly value: T
}

interface SyncedRange {
  readonly step: number
  readonly from: number
  readonly to: number
}

function covers(range: SyncedRange, at: number): boolean {
  return range.from <= at && at < range.to
}

/** One file, under all its names, with everything that it ever held. */
export class RecordedFile {
  readonly lengths: Version<number>[] = [{ step: -1, value: 0 }]
  readonly sectors: Version<Buffer>[][] = []
  readonly syncs: SyncedRange[] = []
  /** Ranges whose write-back failed: their pages are clean for the kernel, and not on the disk. */
  readonly failedSyncs: SyncedRange[] = []
  /** Stores that may have changed nothing, since a write-back failed: they make a page dirty again. */
  readonly stores: SyncedRange[] = []

  lengthAt(step: number): number {
    return versionAt(this.lengths, step) ?? 0
  }

  /** The last step at or before `cut` from which on this part of the file was certain to be on the disk; -1 when it never was. */
  syncedStep(cut: number, at?: number): number {
    let synced = -1
    for (const sync of this.syncs) {
      if (sync.step > cut) break
      if (at === undefined || (covers(sync, at) && this.#writes(sync.step, at))) synced = sync.step
    }
    return synced
  }

  /** Whether a sync at this step writes what the page holds: not when its write-back failed before and nothing was stored to it since. */
  #writes(step: number, page: number): boolean {
    const failed = this.failedSyncs.findLast((failure) => failure.step < step && covers(failure, page))
    if (failed === undefined) return true
    if (
      this.stores.some(
        (store) => store.step > failed.step && store.step <= step && store.from < page + PAGE_LENGTH && page < store.to,
      )
    )
      return true
    for (let at = page; at < page + PAGE_LENGTH; at += SECTOR_LENGTH) {
      const last = this.sectors[at / SECTOR_LENGTH]?.findLast((version) => version.step <= step)
      if (last !== undefined && last.step > failed.step) return true
    }
    return false
  }

  /** The bytes at this step, as every process saw them. */
  bytesAt(step: number): Buffer {
    const bytes = Buffer.alloc(this.lengthAt(step))
    for (const [index, versions] of this.sectors.entries()) versionAt(versions, step)?.copy(bytes, index * SECTOR_LENGTH)
    return bytes
  }
}

/** The value that held at a step; `undefined` before the first. */
export function versionAt<T>(versions: readonly Version<T>[] | undefined, step: number): T | undefined {
  let value: T | undefined
  for (const version of versions ?? []) {
    if (version.step > step) break
    value = version.value
  }
  return value
}

/** A change of names. */
export type NameChange =
  /** A new file, or a second name of one that is there. */
  | { readonly kind: 'create'; readonly step: number; readonly path: string; readonly file: RecordedFile }
  | { readonly kind: 'make-directory'; readonly step: number; readonly path: string }
  | { readonly kind: 'rename'; readonly step: number; readonly path: string; readonly to: string; readonly file: RecordedFile }
  | { readonly kind: 'remove'; readonly step: number; readonly path: string }

export interface Recording {
  /** Number of steps; each is an instant at which the power may be cut. */
  readonly steps: number
  /** What was on the disk before is part of it, and durable. */
  readonly changes: readonly NameChange[]
  readonly directorySyncs: readonly { readonly step: number; readonly path: string }[]
  readonly notes: readonly { readonly step: number; readonly text: string }[]
  /** The steps below it only show what was there at first. */
  readonly firstStep: number
  /** The files by name at a step, as every process saw them. */
  readonly filesAt: (step: number) => Map<string, RecordedFile>
}

const KINDS = [
  '',
  'found',
  'create',
  'content',
  'rename',
  'remove',
  'sync-file',
  'sync-directory',
  'note',
  'make-directory',
  'scanned',
  'failed-sync',
  'stored',
  'link',
]

/** Reads what recorder.cc wrote, over the lives of several processes. */
export function readRecording(path: string): Recording {
  return new RecordingReader(readFileSync(path)).read()
}

class RecordingReader {
  readonly #log: Buffer
  readonly #changes: NameChange[] = []
  readonly #directorySyncs: { step: number; path: string }[] = []
  readonly #notes: { step: number; text: string }[] = []
  readonly #present = new Map<string, RecordedFile>()
  readonly #folders = new Set<string>()
  #files = new Map<number, RecordedFile>()
  #found = new Set<string>()
  #step = 0
  #firstStep: number | undefined

  constructor(log: Buffer) {
    this.#log = log
  }

  read(): Recording {
    for (let at = 0; at + 8 <= this.#log.length; this.#step++) {
      const kind = KINDS[this.#log.readUInt32LE(at)] ?? ''
      const length = this.#log.readUInt32LE(at + 4)
      this.#take(kind, this.#log.subarray(at + 8, at + 8 + length))
      at += 8 + length
    }
    const changes = this.#changes
    return {
      steps: this.#step,
      changes,
      directorySyncs: this.#directorySyncs,
      notes: this.#notes,
      firstStep: this.#firstStep ?? 0,
      filesAt: (step) => namesAfter(changes.filter((change) => change.step <= step)),
    }
  }

  #take(kind: string, body: Buffer): void {
    const step = this.#step
    switch (kind) {
      case 'found':
        this.#takeFound(body.readUInt32LE(0), body.toString('utf8', 4))
        break
      case 'create':
        this.#takeCreated(body.readUInt32LE(0), body.toString('utf8', 4))
        break
      case 'content':
        this.#takeContent(body)
        break
      case 'rename':
        this.#takeRename(body.toString('utf8').split('\0') as [string, string])
        break
      case 'link':
        this.#takeLink(body.toString('utf8').split('\0') as [string, string])
        break
      case 'remove':
        this.#takeRemoved(body.toString('utf8'))
        break
      case 'sync-file':
      case 'failed-sync':
      case 'stored':
        this.#takeRange(kind, body)
        break
      case 'sync-directory':
        this.#directorySyncs.push({ step, path: body.toString('utf8') })
        break
      case 'note':
        this.#notes.push({ step, text: body.toString('utf8') })
        break
      case 'make-directory':
        this.#takeDirectory(body.toString('utf8'))
        break
      case 'scanned':
        this.#takeScanned()
        break
      default:
        throw new Error(`the recording has an entry of kind ${kind}`)
    }
  }

  /** A file that a later process finds is the one that an earlier process left. */
  #takeFound(id: number, path: string): void {
    this.#found.add(path)
    const known = this.#present.get(path)
    if (known !== undefined) this.#files.set(id, known)
    else this.#takeCreated(id, path)
  }

  #takeCreated(id: number, path: string): void {
    const file = new RecordedFile()
    this.#files.set(id, file)
    this.#present.set(path, file)
    this.#changes.push({ kind: 'create', step: this.#step, path, file })
  }

  #takeContent(body: Buffer): void {
    const file = this.#files.get(body.readUInt32LE(0))
    if (file === undefined) return
    const step = this.#step
    const length = number64(body, 4)
    if (file.lengthAt(step) !== length) file.lengths.push({ step, value: length })
    for (let at = 12; at < body.length; at += 4 + SECTOR_LENGTH) {
      const index = body.readUInt32LE(at)
      file.sectors[index] ??= []
      const value = body.subarray(at + 4, at + 4 + SECTOR_LENGTH)
      if (!versionAt(file.sectors[index], step)?.equals(value)) file.sectors[index]?.push({ step, value })
    }
  }

  #takeRange(kind: 'sync-file' | 'failed-sync' | 'stored', body: Buffer): void {
    const file = this.#files.get(body.readUInt32LE(0))
    const range = { step: this.#step, from: number64(body, 4), to: number64(body, 12) }
    if (kind === 'sync-file') file?.syncs.push(range)
    else if (kind === 'failed-sync') file?.failedSyncs.push(range)
    else file?.stores.push(range)
  }

  #takeRename([path, to]: [string, string]): void {
    const file = this.#present.get(path)
    if (file === undefined) return
    this.#present.delete(path)
    this.#present.set(to, file)
    this.#changes.push({ kind: 'rename', step: this.#step, path, to, file })
  }

  /** A second name of the same file comes and goes on its own. */
  #takeLink([path, to]: [string, string]): void {
    const file = this.#present.get(path)
    if (file === undefined) return
    this.#present.set(to, file)
    this.#changes.push({ kind: 'create', step: this.#step, path: to, file })
  }

  #takeRemoved(path: string): void {
    this.#present.delete(path)
    this.#changes.push({ kind: 'remove', step: this.#step, path })
  }

  #takeDirectory(path: string): void {
    if (this.#folders.has(path)) return
    this.#folders.add(path)
    this.#changes.push({ kind: 'make-directory', step: this.#step, path })
  }

  /** What the killed process did last may not be written down: files that are gone were removed. What the first process found is durable. */
  #takeScanned(): void {
    for (const path of [...this.#present.keys()]) if (!this.#found.has(path)) this.#takeRemoved(path)
    this.#found = new Set()
    if (this.#firstStep !== undefined) return
    this.#firstStep = this.#step
    for (const path of ['', ...this.#folders]) this.#directorySyncs.push({ step: this.#step, path })
    for (const file of this.#present.values()) file.syncs.push({ step: this.#step, from: 0, to: Number.POSITIVE_INFINITY })
  }
}

function number64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at))
}

/** Which file has which name after these changes. */
export function namesAfter(changes: readonly NameChange[]): Map<string, RecordedFile> {
  const files = new Map<string, RecordedFile>()
  for (const change of changes) {
    if (change.kind === 'create') files.set(change.path, change.file)
    else if (change.kind !== 'make-directory') files.delete(change.path)
    if (change.kind === 'rename') files.set(change.to, change.file)
  }
  return files
}
