import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '../random.js'
import { changeBootId, checkState } from './check-state.js'
import { buildCrashState } from './disk-model.js'
import { planOf } from './plan.js'
import { type Origin, promisesAt } from './promises.js'
import { buildLibraries, type Libraries, record } from './record.js'
import { type Recording, readRecording } from './recording.js'
import { findUnsynced, missingFrom } from './unsynced-messages.js'

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

interface RecordingRun {
  readonly folder: string
  readonly libraries: Libraries
  readonly seed: number
}

/** In memory where that is possible: what is written is thrown away a moment later. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Power cuts of one machine, one after the other: the second history begins in a crash state of the first, the third in one of the second's recovery. */
const GENERATIONS = 3

/** Histories until there were enough crash states. */
export function cutPower(options: CutPowerOptions): CutPowerResult {
  if (options.look !== undefined) return lookAgain(options.look, options)
  const scratch = mkdtempSync(join(SCRATCH, 'chronicle-power-cut-'))
  const total = { states: 0, histories: 0, failures: 0 }
  try {
    const libraries = buildLibraries()
    for (let { seed } = options; total.states < options.states; seed = new Random(seed).seed()) {
      const folders: string[] = []
      let history: HistoryRun | undefined
      for (let generation = 1; generation <= GENERATIONS && total.states < options.states; generation++) {
        const folder = mkdtempSync(join(scratch, `history-${generation}-`))
        folders.push(folder)
        const run = { folder, libraries, seed }
        history = history === undefined ? recordFirst(run) : recordNext(run, history)
        if (!cutOften(history, options, total)) return total
      }
      if (options.keep && total.failures > 0) continue
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
    }
  } finally {
    if (!options.keep || total.failures === 0) rmSync(scratch, { recursive: true, force: true })
  }
  return total
}

function recordFirst(run: RecordingRun): HistoryRun {
  const { segmentSize } = planOf(run.seed)
  const recording = record({ ...run, generation: 1 })
  const origin = { seed: run.seed, segmentSize, bases: [0], oldest: 0, readers: new Map(), unsynced: [] }
  return { folder: run.folder, seed: run.seed, recording, origin }
}

/** The machine is started again after a cut, runs on, and its power will be cut again. */
function recordNext(run: RecordingRun, last: HistoryRun): HistoryRun {
  const generation = last.origin.bases.length + 1
  const random = new Random(run.seed + generation - 1)
  const { recording } = last
  const cut = random.integer(recording.firstStep, generation === 2 ? recording.steps - 1 : openStep(recording))
  const disk = join(run.folder, 'disk')
  buildCrashState(recording, cut, disk, random)
  changeBootId(join(disk, 'queue'))
  const { durable, ...known } = promisesAt(recording, cut, last.origin)
  // What retention deletes is gone, so nothing can be said of it.
  const keepsAll = planOf(run.seed).writerOptions.retention === undefined
  const unsynced = keepsAll ? findUnsynced(join(disk, 'queue'), { ...known, durable }) : []
  const origin = { ...known, bases: [...known.bases, Number.POSITIVE_INFINITY], unsynced }
  saveOrigin(run.folder, origin)
  return { folder: run.folder, seed: run.seed, recording: record({ ...run, generation }), origin }
}

/** The step at which the first writer had recovered and opened the queue. */
function openStep(recording: Recording): number {
  return recording.notes.find(({ text }) => text.startsWith('open '))?.step ?? recording.steps - 1
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
      `BROKEN seed=${history.seed} generation=${history.origin.bases.length} state=${state} cut=${cut} of ${history.recording.steps}`,
    )
    for (const line of broken.slice(0, 10)) options.tell(`  ${line}`)
    options.tell(
      `  again: node tools/evidence/power-cut/main.mjs --seed ${history.seed} --states ${GENERATIONS * options.statesPerHistory} --per ${options.statesPerHistory}`,
    )
    if (options.keep)
      options.tell(`  exactly this: node tools/evidence/power-cut/main.mjs --look ${history.folder} --state ${state}`)
    if (!options.goOn) return false
  }
  return true
}

function lookAt(history: HistoryRun, state: number): { broken: string[]; cut: number } {
  const { recording, origin, folder, seed } = history
  const random = new Random(seed * 65_537 + origin.bases.length * 257 + state)
  // Every second cut after the first falls into the recovery from the one before.
  const isInRecovery = origin.bases.length > 1 && state % 2 === 1
  const cut = random.integer(recording.firstStep, isInRecovery ? openStep(recording) : recording.steps - 1)
  const disk = join(folder, 'state')
  buildCrashState(recording, cut, disk, random)
  changeBootId(join(disk, 'queue'))
  const broken = checkState(join(disk, 'queue'), promisesAt(recording, cut, origin))
  for (const sequence of missingFrom(join(disk, 'queue'), origin))
    broken.push(`message ${sequence} was on the disk after the cut before, and is neither in the queue nor in quarantine`)
  rmSync(disk, { recursive: true, force: true })
  return { broken, cut }
}

function saveOrigin(folder: string, origin: Origin): void {
  const { readers, bases, oldest, ...rest } = origin
  const numbers = { bases: bases.map(String), oldest: String(oldest) }
  writeFileSync(join(folder, 'origin.json'), JSON.stringify({ ...rest, ...numbers, readers: [...readers] }))
}

function lookAgain(look: { folder: string; state: number }, options: CutPowerOptions): CutPowerResult {
  const saved = JSON.parse(readFileSync(join(look.folder, 'origin.json'), 'utf8'))
  const origin: Origin = {
    ...saved,
    bases: saved.bases.map(Number),
    oldest: Number(saved.oldest),
    readers: new Map(saved.readers),
  }
  const recording = readRecording(join(look.folder, 'recording'))
  const { broken, cut } = lookAt({ folder: look.folder, seed: origin.seed, recording, origin }, look.state)
  options.tell(`cut=${cut} of ${recording.steps}`)
  for (const line of broken) options.tell(`  ${line}`)
  return { states: 1, histories: 1, failures: broken.length > 0 ? 1 : 0 }
}
