import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { preloading, rootOf } from '../preload/compile-once.js'
import { recordFile } from './check-state.js'
import { buildRecorder } from './record.js'
import { type Recording, readRecording } from './recording.js'

const ROOT = rootOf(import.meta.dirname)

/** Opens `folder/queue` for writing in a process of its own, and records every step of it. The process is killed when the writer is open. */
export function recordOpening(folder: string, segmentSize: number): Recording {
  const log = `${folder}.recording`
  const { signal, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'tools/dist/evidence/power-cut/opening.js'), join(folder, 'queue'), String(segmentSize)],
    {
      env: {
        ...process.env,
        ...preloading(buildRecorder()),
        POWER_CUT_ROOT: folder,
        POWER_CUT_LOG: log,
        POWER_CUT_EVERY: '1',
      },
      encoding: 'utf8',
    },
  )
  if (signal !== 'SIGKILL') throw new Error(`the writer did not open: ${stderr}`)
  return readRecording(log)
}

/** Writes what other processes find when the recorded one is killed after a step: everything that it did up to there, synced or not. */
export function buildKilledState(recording: Recording, step: number, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  for (const change of recording.changes)
    if (change.step <= step && change.kind === 'make-directory') mkdirSync(join(folder, change.path), { recursive: true })
  for (const [path, file] of recording.filesAt(step)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), file.bytesAt(step))
  }
  pretendSameFile(join(folder, 'queue', 'control.meta'))
}

/** The rebuilt file stands for the one that was there, and is not a copy of it. */
function pretendSameFile(path: string): void {
  if (!existsSync(path)) return
  const control = readFileSync(path)
  recordFile(control, path)
  writeFileSync(path, control)
}
