import { join } from 'node:path'
import { measureSuite, type SuiteResult } from '../../measure-suite.js'
import { typedReadSuite } from '../../suites/typed-read.js'
import { typedWriteSuite } from '../../suites/typed-write.js'
import type { Figures, Probe, ProbeContext } from '../probe.js'
import { runProgram } from '../run-program.js'
import type { TypedHeapTask } from './typed-heap-run.js'

/** Candidates of the suites, by the key that their quotient has. */
const WRITES = {
  typedWritePerAppend: 'write(Quote, fill)',
  handWritePerAppend: 'by hand, unchecked, and append',
  valueWritePerAppend: 'append(Quote, value)',
  flatbuffersWritePerAppend: 'FlatBuffers, and append',
  msgpackrWritePerAppend: 'msgpackr, and append',
  protobufWritePerAppend: 'protobuf-es, and append',
  jsonWritePerAppend: 'JSON, and append',
}
const READS = {
  typedReadPerNext: 'four fields, typed',
  handReadPerNext: 'four fields by hand',
  flatbuffersReadPerNext: 'four fields, FlatBuffers',
  msgpackrReadPerNext: 'four fields, msgpackr',
  protobufReadPerNext: 'four fields, protobuf-es',
  jsonReadPerNext: 'four fields, JSON',
  typedSkipPerNext: 'skipped by type',
}

/** Writing and reading typed messages beside the bare queue and other formats, in turns, and what ten million of them leave on the heap. */
export const typed: Probe = {
  name: 'typed messages beside other formats',
  async measure(context) {
    const options = { directory: context.directory, rounds: 1, secondsPerRound: context.seconds }
    const writes = await measureSuite(typedWriteSuite(), options)
    const reads = await measureSuite(typedReadSuite(), options)
    const readyAppendNs = nsOf(writes, 'append of ready bytes')
    const bareNextNs = nsOf(reads, 'bare next')
    return {
      readyAppendNs,
      ...quotients(writes, WRITES, readyAppendNs),
      bareNextNs,
      ...quotients(reads, READS, bareNextNs),
      ...(await heap(context)),
    }
  },
}

function quotients(suite: SuiteResult, names: Readonly<Record<string, string>>, unitNs: number): Figures {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, nsOf(suite, name) / unitNs]))
}

function nsOf({ name: suite, candidates }: SuiteResult, name: string): number {
  const found = candidates.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`${suite} has no candidate ${name}`)
  return found.nsMedian
}

function heap({ directory, quick }: ProbeContext): Promise<Figures> | Figures {
  const task: TypedHeapTask = { directory: join(directory, 'typed-heap'), messages: quick ? 200_000 : 10_000_000 }
  return runProgram<Figures>('typed-heap-run', task, ['--max-semi-space-size=64'])
}
