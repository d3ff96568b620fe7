import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Random } from '../random.js'
import { buildCrashState } from './disk-model.js'
import { type NameChange, namesAfter, RecordedFile, type Recording } from './recording.js'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A file made at step 1, written at 2 and 4, synced at 3; its directory is synced at 5, it is renamed at 6. */
function sample(): Recording {
  const file = new RecordedFile()
  file.lengths.push({ step: 2, value: 1024 })
  file.sectors[0] = [{ step: 2, value: Buffer.alloc(512, 1) }]
  file.sectors[1] = [
    { step: 2, value: Buffer.alloc(512, 1) },
    { step: 4, value: Buffer.alloc(512, 2) },
  ]
  file.syncs.push({ step: 3, from: 0, to: Number.POSITIVE_INFINITY })
  const changes: NameChange[] = [
    { kind: 'create', step: 1, path: 'a', file },
    { kind: 'rename', step: 6, path: 'a', to: 'b', file },
  ]
  const filesAt = (step: number) => namesAfter(changes.filter((change) => change.step <= step))
  return { steps: 7, changes, directorySyncs: [{ step: 5, path: '' }], notes: [], firstStep: 0, filesAt }
}

/** The second sector's write-back fails at 5, and a sync at 7 succeeds. At 6 the page may be stored to again, without a change. */
function failedWriteBack(isStoredAgain: boolean): Recording {
  const recording = sample()
  const file = recording.filesAt(4).get('a')
  if (file === undefined) throw new Error('the sample has a file of the name a')
  file.failedSyncs.push({ step: 5, from: 0, to: 4096 })
  if (isStoredAgain) file.stores.push({ step: 6, from: 0, to: 4096 })
  file.syncs.push({ step: 7, from: 0, to: Number.POSITIVE_INFINITY })
  return { ...recording, directorySyncs: [{ step: 5, path: '' }], changes: recording.changes.slice(0, 1), steps: 9 }
}

/** All different outcomes of many throws: which names there are, and the first byte of each sector. */
function outcomes(cut: number, recording = sample()): string[] {
  const seen = new Set<string>()
  for (let seed = 0; seed < 300; seed++) {
    const folder = mkdtempSync(join(tmpdir(), 'disk-model-'))
    folders.push(folder)
    buildCrashState(recording, cut, folder, new Random(seed))
    const files = readdirSync(folder).sort()
    seen.add(files.map((name) => `${name}:${sectorsOf(readFileSync(join(folder, name)))}`).join(' '))
  }
  return [...seen].sort()
}

function sectorsOf(bytes: Buffer): string {
  return bytes.length === 0 ? 'empty' : `${bytes[0]}${bytes[512]}`
}

describe('the model of the disk', () => {
  it('promises nothing before a sync', () => {
    expect(outcomes(2)).toEqual(expect.arrayContaining(['', 'a:empty', 'a:00', 'a:11']))
  })

  it('keeps what was synced, though not the name', () => {
    expect(outcomes(4)).toEqual(['', 'a:11', 'a:12'])
  })

  it('L48: takes pages for clean after a failed write-back, so that a later sync writes nothing of them', () => {
    expect(outcomes(8, failedWriteBack(false))).toEqual(['a:11', 'a:12'])
    expect(outcomes(8, failedWriteBack(true))).toEqual(['a:12'])
  })

  it('keeps a name of a synced directory, and renames wholly or not at all', () => {
    expect(outcomes(5)).toEqual(['a:11', 'a:12'])
    expect(outcomes(6)).toEqual(['a:11', 'a:12', 'b:11', 'b:12'])
  })
})
