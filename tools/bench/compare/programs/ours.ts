/** One measurement of our queue: MEASURE FOLDER ARGUMENT... Prints its figures as a JSON object; the programs of the peers do the same. */
import { join } from 'node:path'
import { openReader, openWriter, type QueueReader, type QueueWriter } from '@chronicle-ts/core'
import { measureFanIn } from '../../budgets/probes/fan-in.js'
import { measureRoundTrips } from '../../ping-pong/round-trips.js'
import { parseRun } from './parse-run.js'
import type { ProgramFigures } from './run-program.js'

const FILLER = 7
const WARM_UP_COUNT = 200_000
const LOOKS_MAX = 1_000_000
const COMMITS_MAX = 500_000
const READERS_BATCH = 100

const [measure = '', folder = '', ...rest] = process.argv.slice(2)
console.log(JSON.stringify(await run()))

async function run(): Promise<ProgramFigures> {
  const [first = 0, second = 0, third = 0] = rest.map(Number)
  if (measure === 'ask') {
    const options = { payloadLength: first, warmUpCount: second, count: third }
    return { ...(await measureRoundTrips({ directory: folder, way: 'wait', ...options })) }
  }
  if (measure === 'stream') return Object.assign({}, ...rest.map(parseRun).map(({ length, count }) => stream(length, count)))
  if (measure === 'readers') return Object.assign({}, ...rest.slice(2).map((count) => readers(first, second, Number(count))))
  if (measure === 'sources')
    return measureFanIn({ directory: folder, payloadLength: first, messages: second, sourceCounts: rest.slice(2).map(Number) })
  if (measure === 'fill') return fill(first, rest.slice(1))
  if (measure === 'open') return open(rest[1] ?? '')
  throw new Error(`unknown measure ${measure}`)
}

/** Many messages: what an append, a message that is received, a look that finds nothing, and a saved position cost. */
function stream(length: number, count: number): ProgramFigures {
  const directory = join(folder, `stream-${length}`)
  using writer = openWriter(directory)
  using reader = openReader(directory, 'receiver', { start: 'earliest' })
  const warmUp = Math.min(WARM_UP_COUNT, count)
  send(writer, length, 0, warmUp)
  receive(reader, length, 0, warmUp)
  checkBytes(directory, length, warmUp)
  const begin = performance.now()
  send(writer, length, warmUp, count)
  const middle = performance.now()
  receive(reader, length, warmUp, count)
  const end = performance.now()
  const looks = Math.min(count, LOOKS_MAX)
  // The engine compiles a look that finds nothing again, because those before found something.
  look(reader, looks)
  return {
    [`append${length}Ns`]: ((middle - begin) * 1e6) / count,
    [`next${length}Ns`]: ((end - middle) * 1e6) / count,
    [`empty${length}Ns`]: look(reader, looks),
    [`commit${length}Ns`]: committing(directory, length, count),
  }
}

function look(reader: QueueReader, looks: number): number {
  const begin = performance.now()
  for (let index = 0; index < looks; index++) if (reader.next() !== undefined) throw new Error('there is no message')
  return ((performance.now() - begin) * 1e6) / looks
}

function committing(directory: string, length: number, count: number): number {
  using reader = openReader(directory, 'committing', { start: 'earliest' })
  const commits = Math.floor(Math.min(count, COMMITS_MAX) / 2)
  const pass = (first: number): number => {
    const begin = performance.now()
    for (let index = 0; index < commits; index++) {
      const message = reader.next()
      if (message?.length !== length || message.sequence !== first + index)
        throw new Error(`message ${first + index} is not there`)
      reader.commit()
    }
    return ((performance.now() - begin) * 1e6) / commits
  }
  pass(0)
  return pass(commits)
}

function send(writer: QueueWriter, length: number, first: number, count: number): void {
  const payload = Buffer.alloc(length, FILLER)
  const number = new Float64Array(payload.buffer, payload.byteOffset, 1)
  for (let index = 0; index < count; index++) {
    number[0] = first + index
    writer.append(1, payload)
  }
}

function receive(reader: QueueReader, length: number, first: number, count: number): void {
  for (let index = 0; index < count; index++) {
    const message = reader.next()
    if (message === undefined) throw new Error(`message ${first + index} is not there`)
    const { view, payloadOffset } = message
    if (message.length !== length || view.getFloat64(payloadOffset, true) !== first + index) throw new Error('another message')
  }
}

function checkBytes(directory: string, length: number, count: number): void {
  using reader = openReader(directory, 'checking', { start: 'earliest' })
  for (let index = 0; index < count; index++) {
    const payload = reader.next()?.payloadView
    for (let offset = 8; offset < length; offset++)
      if (payload?.[offset] !== FILLER) throw new Error(`message ${index} has a wrong byte`)
  }
}

/** A batch at a time: appended once, then received by each of the readers. */
function readers(length: number, messages: number, count: number): ProgramFigures {
  const directory = join(folder, `readers-${count}`)
  using writer = openWriter(directory)
  const opened = Array.from({ length: count }, (_, index) => openReader(directory, `reader-${index}`, { start: 'earliest' }))
  const rounds = Math.max(1, Math.floor(messages / READERS_BATCH))
  const warmUps = Math.floor(rounds / 4)
  let appendMs = 0
  let nextMs = 0
  for (let round = 0; round < warmUps + rounds; round++) {
    const begin = performance.now()
    send(writer, length, round * READERS_BATCH, READERS_BATCH)
    const middle = performance.now()
    for (const reader of opened) receive(reader, length, round * READERS_BATCH, READERS_BATCH)
    const end = performance.now()
    if (round < warmUps) continue
    appendMs += middle - begin
    nextMs += end - middle
  }
  for (const reader of opened) reader.close()
  const sent = rounds * READERS_BATCH
  return { [`append${count}Ns`]: (appendMs * 1e6) / sent, [`next${count}Ns`]: (nextMs * 1e6) / sent / count }
}

function fill(length: number, counts: readonly string[]): ProgramFigures {
  for (const count of counts) {
    using writer = openWriter(join(folder, `of-${count}`))
    send(writer, length, 0, Number(count))
  }
  return {}
}

/** Both sides of a queue that another process left, and its first message. */
function open(count: string): ProgramFigures {
  const directory = join(folder, `of-${count}`)
  const begin = performance.now()
  using writer = openWriter(directory)
  using reader = openReader(directory, 'receiver', { start: 'earliest' })
  const first = reader.next()?.sequence
  const openMs = performance.now() - begin
  if (first !== 0 || writer.nextSequence !== Number(count)) throw new Error('the messages are not there')
  return { openMs }
}
