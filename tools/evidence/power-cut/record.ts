import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildFailingCalls, injectorEnvironment } from '../failing-calls/injector.js'
import { compilePreload, preloading, rootOf } from '../preload/compile-once.js'
import { planOf } from './plan.js'
import { type Recording, readRecording } from './recording.js'

const ROOT = rootOf(import.meta.dirname)

/** The libraries that a recorded process runs with: calls that fail do not come to the recorder. */
export interface Libraries {
  readonly failingCalls: string
  readonly recorder: string
}

export function buildLibraries(): Libraries {
  return { failingCalls: buildFailingCalls(), recorder: buildRecorder() }
}

export function buildRecorder(): string {
  const sources = ['recorder.cc', 'recorded-calls.cc', 'page_watch.cc'].map((name) =>
    join(ROOT, 'tools/evidence/power-cut', name),
  )
  return compilePreload('recorder.so', sources)
}

/** Records one history: several lives of the scenario in `folder/disk`, which may hold what an earlier cut left. */
export function record(run: { folder: string; libraries: Libraries; seed: number; generation: number }): Recording {
  const { folder, libraries, seed, generation } = run
  const plan = planOf(seed)
  const disk = join(folder, 'disk')
  const log = join(folder, 'recording')
  mkdirSync(disk, { recursive: true })
  const control = join(folder, 'control')
  const faulty = injectorEnvironment({ library: libraries.failingCalls, control, folder: disk })
  for (let life = 1; life <= plan.lives; life++) {
    const end = life < plan.lives || plan.lastEndsByKill ? 'kill' : 'close'
    const program = join(ROOT, 'tools/dist/evidence/power-cut/scenario.js')
    const { signal, status, stderr } = spawnSync(
      process.execPath,
      [program, join(disk, 'queue'), String(seed), String(generation), String(life), end, control],
      {
        env: {
          ...process.env,
          ...faulty,
          ...preloading(libraries.failingCalls, libraries.recorder),
          POWER_CUT_ROOT: disk,
          POWER_CUT_LOG: log,
          POWER_CUT_EVERY: String(plan.clockEvery),
        },
        encoding: 'utf8',
        timeout: 120_000,
      },
    )
    const isWell = end === 'kill' ? signal === 'SIGKILL' : status === 0
    if (!isWell) throw new Error(`the scenario of seed ${seed} ended with ${signal ?? status}: ${stderr}`)
  }
  return readRecording(log)
}
