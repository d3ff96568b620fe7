import { AssertionError } from 'node:assert'
import { isUtf8 } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import { type DirectoryPath, isQueueError, type MessageCopy, type QueueWriter } from '@chronicle-ts/core'
import { checkFunction, checkOptions, FLAG, NANOSECONDS, pathOf } from '@chronicle-ts/core/internal'
import { type EmitOptions, openReplay, type ReplayClock } from '@chronicle-ts/replay'
import { memoryQueue } from './open-memory-queue.js'
import { parseScenarioLine, type ScenarioLine } from './scenario-line.js'

/** What a strategy under a scenario is given beside the message. */
export interface ScenarioContext {
  /** The clock of a replay: shows the time of the message; its timers fire between messages, and messages come while the strategy sleeps on it. */
  readonly clock: ReplayClock
  /** Appends a message to the output: at the time of the clock, and without a schema version, unless the options say otherwise. */
  emit(typeId: number, payload: Uint8Array | string, options?: EmitOptions): void
}

/** The code under test. What it returns is awaited before the next message. */
export type ScenarioStrategy = (message: MessageCopy, context: ScenarioContext) => unknown

export interface ScenarioOptions {
  /** Writes the output file instead of comparing. Default: whether the program was started with `--update`, or CHRONICLE_UPDATE is 1. */
  readonly update?: boolean
  /** Bytes of a segment of the queues, which limit a message. Default: enough for the longest message of the input, at least 64 KiB. */
  readonly segmentSize?: number
  /** How far the clock runs after the last message: timers and sleeps up to this time end. Default: the time of the last message. */
  readonly untilNs?: bigint
}

/** Of a queue of a test. */
const SEGMENT_SIZE_MIN = 64 * 1024

/**
 * Feeds the messages of a file to a strategy, as a replay of a real queue, and compares what it emits with another file. Both have one JSON object per line, with `typeId`, `timestampNs` and `text` or
 * `base64`: what `chron-cli export` writes. The strategy sees the schema version, the trace and the source of its messages; the output has the schema versions that it gives. Messages without a time come at the time of the one before.
 *
 * @throws AssertionError with both texts when they differ or the output file is missing; SyntaxError with the line for an input that is not of that form; what the strategy throws.
 * @example
 * ```ts
 * await scenario('quotes.ndjson', (message, { emit }) => emit(2, message.payload), 'orders.ndjson')
 * ```
 */
export async function scenario(
  input: DirectoryPath,
  strategy: ScenarioStrategy,
  output: DirectoryPath,
  options: ScenarioOptions = {},
): Promise<void> {
  checkOptions(options, { update: FLAG, segmentSize: true, untilNs: NANOSECONDS })
  checkFunction('strategy', strategy)
  const expected = pathOf(output, 'output')
  const lines = readLines(pathOf(input, 'input'))
  const found = await run(lines, strategy, options)
  if (options.update ?? isUpdate()) writeFileSync(expected, found)
  else compare(found, expected)
}

async function run(
  lines: readonly ScenarioLine[],
  strategy: ScenarioStrategy,
  { segmentSize = segmentSizeFor(lines), untilNs }: ScenarioOptions,
): Promise<string> {
  using inputs = memoryQueue({ segmentSize })
  using outputs = memoryQueue({ segmentSize })
  let timeNs = 0n
  for (const line of lines) {
    const { timestampNs = timeNs } = line
    appendLine(inputs.writer, line, timestampNs)
    timeNs = timestampNs
  }
  using replay = openReplay({ sources: { input: inputs.directory } })
  const { clock } = replay
  const emit = (typeId: number, payload: Uint8Array | string, options: EmitOptions = {}): void => {
    checkOptions(options, { timestampNs: true, schemaVersion: true })
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    outputs.writer.append(typeId, bytes, { timestampNs: clock.nowNs(), ...options })
  }
  await replay.run(({ message }) => strategy(message.copy(), { clock, emit }))
  if (untilNs !== undefined) await replay.until({ timestampNs: untilNs })
  return outputs.drain().map(formatLine).join('')
}

/** With schema version, trace and source, as they were exported. */
function appendLine(writer: QueueWriter, { typeId, payload, details, where }: ScenarioLine, timestampNs: bigint): void {
  try {
    writer.append(typeId, payload, { timestampNs, ...details })
  } catch (cause) {
    if (!isQueueError(cause, 'ERR_INVALID_ARGUMENT')) throw cause
    throw new SyntaxError(`${where}: ${cause.message}`, { cause })
  }
}

function readLines(path: string): ScenarioLine[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, index) => (line.trim() === '' ? [] : [parseScenarioLine(line, `${path}:${index + 1}`)]))
}

/** A segment holds its header, too, and the record's. */
function segmentSizeFor(lines: readonly ScenarioLine[]): number {
  const longest = lines.reduce((length, { payload }) => Math.max(length, payload.length), 0)
  return Math.max(SEGMENT_SIZE_MIN, 2 ** Math.ceil(Math.log2(longest * 2 + 1)))
}

function formatLine({ typeId, timestampNs, schemaVersion, payload }: MessageCopy): string {
  const version = schemaVersion === 0 ? {} : { schemaVersion }
  const content = isUtf8(payload) ? { text: payload.toString('utf8') } : { base64: payload.toString('base64') }
  return `${JSON.stringify({ timestampNs: timestampNs.toString(), typeId, ...version, ...content })}\n`
}

function compare(found: string, path: string): void {
  const expected = readIfThere(path)
  if (found === expected) return
  const message =
    expected === undefined
      ? `${path} is missing; start with --update to write it`
      : `the output differs from ${path} at line ${firstDifference(found, expected)}; start with --update to accept it`
  throw new AssertionError({ message, actual: found, expected, operator: 'scenario' })
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function firstDifference(found: string, expected: string): number {
  const lines = expected.split('\n')
  const index = found.split('\n').findIndex((line, at) => line !== lines[at])
  return (index < 0 ? lines.length : index) + 1
}

function isUpdate(): boolean {
  return process.argv.includes('--update') || process.env['CHRONICLE_UPDATE'] === '1'
}
