import type { ProgramPeer, ProgramRowId } from './program-peer.js'
import { type Command, type ProgramFigures, runProgram, startCompanion } from './run-program.js'

/** Something that programs measure, once per round. */
export interface ProgramRow {
  readonly id: ProgramRowId
  readonly title: string
  measure(peer: ProgramPeer, command: Command, place: ProgramPlace): Promise<ProgramFigures>
}

export interface ProgramPlace {
  /** Exists and is empty. */
  readonly directory: string
  /** Factor for every count. */
  readonly scale: number
}

/** Of most rows. */
export const PAYLOAD_LENGTH = 64

/** Some hundred megabytes: this project's queue rolls twice. */
const STREAM_COUNT = 3_000_000
/** The other lengths of the cost by size: each with as many bytes, or fewer. */
const LENGTHS = [16, 256, 1024, 4096, 16_384]
const BYTES_OF_LENGTH = 64 * 2 ** 20
/** As many for each number of readers: what a new queue costs once weighs the same everywhere. */
const READERS_MESSAGES = 50_000
const READER_COUNTS = [1, 2, 4, 8, 16, 32, 64]
const SOURCE_COUNTS = [1, 10, 100, 1000]
const OPEN_COUNTS = [1_000, 20_000, 300_000]

export const PROGRAM_ROWS: readonly ProgramRow[] = [
  { id: 'oneway', title: 'one way between two programs that spin: half of a round trip', measure: measureOneWay },
  {
    id: 'stream',
    title: 'appending, receiving, a look that finds nothing, saving the position, in one process',
    measure: (_, command, { directory, scale }) => {
      const runs = LENGTHS.map((length) => `${length}:${scaled(Math.min(300_000, BYTES_OF_LENGTH / length), scale)}`)
      return runProgram(command, ['stream', directory, `${PAYLOAD_LENGTH}:${scaled(STREAM_COUNT, scale)}`, ...runs])
    },
  },
  {
    id: 'readers',
    title: 'each message received by 1 to 64 readers of one process',
    measure: (_, command, { directory, scale }) =>
      runProgram(command, ['readers', directory, PAYLOAD_LENGTH, scaled(READERS_MESSAGES, scale), ...READER_COUNTS]),
  },
  {
    id: 'sources',
    title: 'messages of 1 to 1,000 queues in the order of their times',
    measure: (_, command, { directory, scale }) =>
      runProgram(command, ['sources', directory, PAYLOAD_LENGTH, scaled(400_000, scale), ...SOURCE_COUNTS]),
  },
  { id: 'open', title: 'both sides opened and the first message received, by a new process', measure: measureOpen },
]

async function measureOneWay(peer: ProgramPeer, command: Command, { directory, scale }: ProgramPlace): Promise<ProgramFigures> {
  const args = [directory, PAYLOAD_LENGTH, scaled(50_000, scale), scaled(200_000, scale)]
  if (peer.answersItself) return runProgram(command, ['ask', ...args])
  const companion = await startCompanion(command, ['answer', ...args])
  try {
    return await runProgram(command, ['ask', ...args])
  } finally {
    await companion.stop()
  }
}

async function measureOpen(_: ProgramPeer, command: Command, { directory, scale }: ProgramPlace): Promise<ProgramFigures> {
  const counts = OPEN_COUNTS.map((count) => scaled(count, scale))
  await runProgram(command, ['fill', directory, PAYLOAD_LENGTH, ...counts])
  const figures: Record<string, number> = {}
  for (const count of counts) {
    const { openMs = Number.NaN } = await runProgram(command, ['open', directory, PAYLOAD_LENGTH, count])
    figures[`open${count}Ms`] = openMs
  }
  return figures
}

function scaled(count: number, scale: number): number {
  return Math.max(4, Math.round(count * scale))
}
