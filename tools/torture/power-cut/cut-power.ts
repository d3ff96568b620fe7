import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '../random.js'
import { changeBootId, checkState, type Promises, promisesAt } from './check-state.js'
import { buildCrashState } from './disk-model.js'
import { planOf } from './plan.js'
import { buildRecorder, record } from './record.js'
import { type Recording, readRecording } from './recording.js'

export interface CutPowerOptions {
  /** Of the first history; the others follow from it. */
  readonly seed: number
  readonly states: number
  readonly statesPerHistory: number
  readonly keep: boolean
  readonly goOn: boolean
  /** Looks again at one crash state of a recording that was kept. */
  readonly look?: { readonly folder: string; readonly state: number } | undefined
  readonly tell: (line: string) => void
}

export interface CutPowerResult {
  readonly states: number
  readonly histories: number
  readonly failures: number
}

/** A recorded history and what was promised before it began. */
interface HistoryRun {
  readonly folder: string
  readonly seed: number
  readonly recording: Recording
  readonly origin: Origin
}

type Origin = Omit<Promises, 'durable'>

/** In memory where that is possible: what is written is thrown away a moment later. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Histories until there were enough crash states. Every second history begins in a crash state of the one before: the second cut of its machine. */
export function cutPower(options: CutPowerOptions): CutPowerResult {
  if (options.look !== undefined) return lookAgain(options.look, options)
  const scratch = mkdtempSync(join(SCRATCH, 'chronicle-power-cut-'))
  const total = { states: 0, histories: 0, failures: 0 }
  try {
    const library = buildRecorder(scratch)
    for (let { seed } = options; total.states < options.states; seed = new Random(seed).seed()) {
      const first = recordFirst({ folder: mkdtempSync(join(scratch, 'first-')), library, seed })
      if (!cutOften(first, options, total)) break
      const second = recordSecond({ folder: mkdtempSync(join(scratch, 'second-')), library, seed }, first)
      if (!cutOften(second, options, total)) break
      if (options.keep && total.failures > 0) continue
      for (const { folder } of [first, second]) rmSync(folder, { recursive: true, force: true })
    }
  } finally {
    if (!options.keep || total.failures === 0) rmSync(scratch, { recursive: true, force: true })
  }
  return total
}

function recordFirst(run: { folder: string; library: string; seed: number }): HistoryRun {
  const { segmentSize } = planOf(run.seed)
  const recording = record({ ...run, generation: 1 })
  const origin = { seed: run.seed, segmentSize, generation: 1, base: 0, oldest: 0, readers: new Map() }
  return { folder: run.folder, seed: run.seed, recording, origin }
}

/** The machine is started again behind a cut, runs on, and its power will be cut again. */
function recordSecond(run: { folder: string; library: string; seed: number }, first: HistoryRun): HistoryRun {
  const random = new Random(run.seed + 1)
  const cut = random.integer(first.recording.firstStep, first.recording.steps - 1)
  const disk = join(run.folder, 'disk')
  buildCrashState(first.recording, cut, disk, random)
  changeBootId(join(disk, 'queue'))
  const origin = { ...promisesAt(first.recording, cut, first.origin), generation: 2, base: Number.POSITIVE_INFINITY }
  saveOrigin(run.folder, origin)
  return { folder: run.folder, seed: run.seed, recording: record({ ...run, generation: 2 }), origin }
}

/** Returns whether to go on. */
function cutOften(
  history: HistoryRun,
  options: CutPowerOptions,
  total: { states: number; histories: number; failures: number },
): boolean {
  saveOrigin(history.folder, history.origin)
  total.histories++
  for (let state = 0; state < options.statesPerHistory && total.states < options.states; state++, total.states++) {
    const { broken, cut } = lookAt(history, state)
    if (broken.length === 0) continue
    total.failures++
    options.tell(
      `BROKEN seed=${history.seed} generation=${history.origin.generation} state=${state} cut=${cut} of ${history.recording.steps}`,
    )
    for (const line of broken.slice(0, 10)) options.tell(`  ${line}`)
    options.tell(
      `  again: node tools/torture/power-cut/main.mjs --seed ${history.seed} --states ${2 * options.statesPerHistory} --per ${options.statesPerHistory}`,
    )
    if (options.keep)
      options.tell(`  exactly this: node tools/torture/power-cut/main.mjs --look ${history.folder} --state ${state}`)
    if (!options.goOn) return false
  }
  return true
}

function lookAt(history: HistoryRun, state: number): { broken: string[]; cut: number } {
  const { recording, origin, folder, seed } = history
  const random = new Random(seed * 65_537 + origin.generation * 257 + state)
  const cut = random.integer(recording.firstStep, recording.steps - 1)
  const disk = join(folder, 'state')
  buildCrashState(recording, cut, disk, random)
  changeBootId(join(disk, 'queue'))
  const broken = checkState(join(disk, 'queue'), promisesAt(recording, cut, origin))
  rmSync(disk, { recursive: true, force: true })
  return { broken, cut }
}

function saveOrigin(folder: string, origin: Origin): void {
  const { readers, base, oldest, ...rest } = origin
  const numbers = { base: String(base), oldest: String(oldest) }
  writeFileSync(join(folder, 'origin.json'), JSON.stringify({ ...rest, ...numbers, readers: [...readers] }))
}

function lookAgain(look: { folder: string; state: number }, options: CutPowerOptions): CutPowerResult {
  const saved = JSON.parse(readFileSync(join(look.folder, 'origin.json'), 'utf8'))
  const origin: Origin = { ...saved, base: Number(saved.base), oldest: Number(saved.oldest), readers: new Map(saved.readers) }
  const recording = readRecording(join(look.folder, 'recording'))
  const { broken, cut } = lookAt({ folder: look.folder, seed: origin.seed, recording, origin }, look.state)
  options.tell(`cut=${cut} of ${recording.steps}`)
  for (const line of broken) options.tell(`  ${line}`)
  return { states: 1, histories: 1, failures: broken.length > 0 ? 1 : 0 }
}
