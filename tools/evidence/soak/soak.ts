import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Actor } from '../resources/actor.js'
import { describeLine, type Line, measureFlatness } from '../resources/flatness.js'
import { MEASURE, MEMORY_TOLERANCES, type MemoryReport, type MemorySample } from '../resources/memory-sample.js'
import { type ProcessSample, sampleProcess } from '../resources/process-sample.js'
import type { ReaderReport, WriterReport } from './report.js'

/** Processes run what was built, also when the director is a test that runs on the sources. */
const PROGRAMS = new URL(import.meta.url.includes('/dist/') ? './' : '../../dist/evidence/soak/', import.meta.url)

export const READER_NAMES = ['busy', 'steady', 'slow', 'restarting'] as const

const SAMPLE_INTERVAL_MS = 250
/** So often, at the most, is a process asked to collect its garbage and to look at itself: that costs it milliseconds, which are among its latencies. */
const MEASURE_COUNT = 60
const SAMPLES_PER_MEASURE_MIN = 2
/** Samples before that share of the time say how a process warms up. */
const WARM_SHARE = 0.3
/** Everything that must happen at some time has this long, however busy the machine is. */
const PATIENCE_MS = 60_000

export interface SoakPlan {
  /** An empty folder. */
  readonly folder: string
  readonly seconds: number
  /** Messages per second. @defaultValue 10,000 */
  readonly rate?: number
}

/** One of the five processes. */
export interface ProcessResult {
  readonly name: string
  readonly first: ProcessSample | undefined
  readonly last: ProcessSample | undefined
  readonly lines: readonly Line[]
}

export interface SoakResult {
  readonly writer: WriterReport
  readonly readers: Readonly<Record<string, ReaderReport>>
  readonly processes: readonly ProcessResult[]
  /** What was not as promised; empty when all is well. */
  readonly broken: readonly string[]
}

/** One writer and four readers of different speeds, with rolling and retention on, for a given time. */
export function runSoak(plan: SoakPlan): Promise<SoakResult> {
  return new Soak(plan).run()
}

/** A process, what it said and what it held. */
class Participant {
  readonly samples: ProcessSample[] = []
  readonly memory: MemorySample[] = []
  isReady = false
  report: unknown
  readonly actor: Actor
  readonly #lines: string[] = []

  constructor(
    readonly name: string,
    program: string,
    args: readonly string[],
    broken: string[],
  ) {
    this.actor = new Actor(
      new URL(program, PROGRAMS),
      args,
      {
        onLine: (line) => this.#lines.push(line),
        onEnd: (how) => broken.push(`${name} ${how}: ${this.#lines.join(' | ')}`),
        onMessage: (message) => this.#hear(message),
      },
      ['--expose-gc'],
    )
  }

  #hear(message: unknown): void {
    if (message === 'ready') this.isReady = true
    else if ('memory' in (message as object)) this.memory.push((message as MemoryReport).memory)
    else this.report = message
  }
}

class Soak {
  readonly #plan: SoakPlan
  readonly #directory: string
  readonly #broken: string[] = []
  readonly #participants: Participant[] = []

  constructor(plan: SoakPlan) {
    this.#plan = plan
    this.#directory = join(plan.folder, 'queue')
  }

  async run(): Promise<SoakResult> {
    try {
      const writer = await this.#join('writer', 'writer.js', [String(this.#plan.seconds), String(this.#plan.rate ?? 10_000)])
      const readers: Participant[] = []
      for (const name of READER_NAMES) readers.push(await this.#join(name, 'reader.js', [name]))
      writer.actor.send('begin')
      await this.#watch(writer)
      const written = writer.report as WriterReport
      for (const reader of readers) reader.actor.send({ total: written.count })
      await this.#until('every reader has read everything', () => readers.every(({ report }) => report !== undefined))
      writer.actor.send('end')
      await this.#until('the writer ends', () => writer.actor.hasEnded)
      return this.#conclude(written, readers)
    } finally {
      await Promise.all(this.#participants.map(({ actor }) => actor.kill()))
    }
  }

  async #join(name: string, program: string, args: readonly string[]): Promise<Participant> {
    const participant = new Participant(name, program, [this.#directory, ...args], this.#broken)
    this.#participants.push(participant)
    await this.#until(`${name} is ready`, () => participant.isReady)
    return participant
  }

  /** Looks at all processes until the writer is done. */
  async #watch(writer: Participant): Promise<void> {
    const beganMs = performance.now()
    const limitMs = this.#plan.seconds * 1000 + PATIENCE_MS
    const samplesTotal = (this.#plan.seconds * 1000 * (1 - WARM_SHARE)) / SAMPLE_INTERVAL_MS
    const samplesPerMeasure = Math.max(SAMPLES_PER_MEASURE_MIN, Math.round(samplesTotal / MEASURE_COUNT))
    while (writer.report === undefined) {
      await sleep(SAMPLE_INTERVAL_MS)
      this.#throwWhenBroken()
      const elapsedMs = performance.now() - beganMs
      if (elapsedMs > limitMs) throw new Error('not reached: the writer writes everything')
      if (elapsedMs < this.#plan.seconds * 1000 * WARM_SHARE) continue
      for (const { actor, samples } of this.#participants) {
        samples.push(sampleProcess(actor.pid, this.#directory))
        if (samples.length % samplesPerMeasure === 1) actor.send(MEASURE)
      }
    }
  }

  #conclude(writer: WriterReport, readers: readonly Participant[]): SoakResult {
    const broken = [...this.#broken]
    for (const { name, report } of readers) {
      const { count, digest } = report as ReaderReport
      if (count !== writer.count || digest !== writer.digest) {
        broken.push(`${name} read ${count} messages with digest ${digest}; written were ${writer.count} with ${writer.digest}`)
      }
    }
    if (writer.readersReleased > 0) broken.push(`retention let ${writer.readersReleased} readers go`)
    if (writer.segmentsDeleted === 0) broken.push('retention deleted nothing')
    const processes = this.#participants.map(({ name, samples, memory }) => {
      const lines = [...measureFlatness(samples), ...measureFlatness(memory, MEMORY_TOLERANCES)]
      return { name, first: samples[0], last: samples.at(-1), lines }
    })
    for (const { name, lines } of processes)
      for (const line of lines) if (!line.isFlat) broken.push(`${name}: ${describeLine(line)}`)
    return {
      writer,
      readers: Object.fromEntries(readers.map(({ name, report }) => [name, report as ReaderReport])),
      processes,
      broken,
    }
  }

  async #until(what: string, isSo: () => boolean): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS
    while (!isSo()) {
      this.#throwWhenBroken()
      if (performance.now() > deadlineMs) throw new Error(`not reached: ${what}`)
      await sleep(20)
    }
  }

  /** Without one of them nothing can be concluded any more. */
  #throwWhenBroken(): void {
    if (this.#broken.length > 0) throw new Error(this.#broken.join('\n'))
  }
}
