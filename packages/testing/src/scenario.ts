import { AssertionError } from 'node:assert'
import { isUtf8 } from 'node:buffer'
import { readFileSync, writeFileSync } from 'node:fs'
import type { MessageCopy } from '@chronicle-ts/core'
import { checkOptions } from '@chronicle-ts/core/internal'
import { ManualClock } from './manual-clock.js'
import { memoryQueue } from './open-memory-queue.js'

/** What a strategy under a scenario is given beside the message. */
export interface ScenarioContext {
  /** Shows the time of the message; its timers fire between messages. */
  readonly clock: ManualClock
  /** Appends a message to the output, at the time of the clock. */
  emit(typeId: number, payload: Uint8Array | string): void
}

/** The code under test. What it returns is awaited before the next message. */
export type ScenarioStrategy = (message: MessageCopy, context: ScenarioContext) => unknown

export interface ScenarioOptions {
  /** Writes the output file instead of comparing. Default: whether the program was started with `--update`, or CHRONICLE_UPDATE is 1. */
  readonly update?: boolean
}

interface InputLine {
  readonly typeId?: number
  readonly timestampNs?: string | number
  readonly text?: string
  readonly base64?: string
}

/**
 * Feeds the messages of a file to a strategy, through a real queue, and compares what it emits with another file. Both have one JSON object per line, with `typeId`, `timestampNs` and `text` or
 * `base64`: what `chron-cli export` writes. Messages without a time come at the time of the one before.
 *
 * @throws AssertionError with both texts when they differ or the output file is missing; what the strategy throws.
 * @example
 * ```ts
 * await scenario('quotes.ndjson', (message, { emit }) => emit(2, message.payload), 'orders.ndjson')
 * ```
 */
export async function scenario(
  input: string,
  strategy: ScenarioStrategy,
  output: string,
  options: ScenarioOptions = {},
): Promise<void> {
  checkOptions(options, { update: true })
  const found = await run(readFileSync(input, 'utf8'), input, strategy)
  if (options.update ?? isUpdate()) writeFileSync(output, found)
  else compare(found, output)
}

async function run(text: string, path: string, strategy: ScenarioStrategy): Promise<string> {
  using inputs = memoryQueue()
  using outputs = memoryQueue()
  const clock = new ManualClock(0n)
  const emit = (typeId: number, payload: Uint8Array | string): void => {
    outputs.writer.append(typeId, Buffer.from(payload as string), { timestampNs: clock.nowNs() })
  }
  let timestampNs = 0n
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const message = parseLine(line, `${path}:${index + 1}`)
    timestampNs = message.timestampNs ?? timestampNs
    inputs.writer.append(message.typeId, message.payload, { timestampNs })
  }
  const reader = inputs.reader('scenario')
  for (let message = reader.next(); message !== undefined; message = reader.next()) {
    await clock.enter(message.timestampNs)
    await strategy(message.copy(), { clock, emit })
    reader.commit()
  }
  // Timers that are due at the time of the last message.
  await clock.advanceAsync({})
  return outputs.drain().map(formatLine).join('')
}

function parseLine(line: string, where: string): { typeId: number; timestampNs: bigint | undefined; payload: Buffer } {
  const { typeId = 0, timestampNs, text, base64 } = parseJson(line, where)
  if ((text === undefined) === (base64 === undefined)) throw new SyntaxError(`${where}: either text or base64 must be there`)
  return {
    typeId,
    timestampNs: timestampNs === undefined ? undefined : BigInt(timestampNs),
    payload: text === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(text),
  }
}

function parseJson(line: string, where: string): InputLine {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null) return parsed
  } catch (cause) {
    throw new SyntaxError(`${where}: not JSON`, { cause })
  }
  throw new SyntaxError(`${where}: not a JSON object`)
}

function formatLine({ typeId, timestampNs, payload }: MessageCopy): string {
  const content = isUtf8(payload) ? { text: payload.toString('utf8') } : { base64: payload.toString('base64') }
  return `${JSON.stringify({ timestampNs: timestampNs.toString(), typeId, ...content })}\n`
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
