import type { AppendOptions } from '@chronicle-ts/core'
import { RECORD_TYPE_ID_MAX } from '@chronicle-ts/core/internal'

/** A message of a scenario's input. */
export interface ScenarioLine {
  readonly typeId: number
  /** `undefined`: the time of the message before. */
  readonly timestampNs: bigint | undefined
  readonly payload: Buffer
  /** Checked by the append. */
  readonly details: Pick<AppendOptions, 'schemaVersion' | 'trace' | 'source'>
  /** File and line, for errors. */
  readonly where: string
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const TIME_MAX = 2n ** 64n - 1n

/** Parses a line. What is not as `chron-cli export` writes it is refused, because a test on altered input tests something else. @throws SyntaxError that says where */
export function parseScenarioLine(line: string, where: string): ScenarioLine {
  const { typeId = 0, timestampNs, text, base64, schemaVersion, trace, source } = parseObject(line, where)
  if ((text === undefined) === (base64 === undefined)) throw new SyntaxError(`${where}: either text or base64 must be there`)
  if (!Number.isInteger(typeId) || (typeId as number) < 0 || (typeId as number) > RECORD_TYPE_ID_MAX)
    throw new SyntaxError(`${where}: typeId must be an integer of 0 to ${RECORD_TYPE_ID_MAX}`)
  return {
    typeId: typeId as number,
    timestampNs: timestampNs === undefined ? undefined : parseTime(timestampNs, where),
    payload: text === undefined ? parseBase64(base64, where) : parseText(text, where),
    details: { schemaVersion, trace, source } as ScenarioLine['details'],
    where,
  }
}

function parseObject(line: string, where: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  } catch (cause) {
    throw new SyntaxError(`${where}: not JSON`, { cause })
  }
  throw new SyntaxError(`${where}: not a JSON object`)
}

/** Nanoseconds of our time have more digits than a number keeps: those are written as text. */
function parseTime(value: unknown, where: string): bigint {
  const isExact = typeof value === 'string' ? /^\d{1,20}$/.test(value) : Number.isSafeInteger(value) && (value as number) >= 0
  const timeNs = isExact ? BigInt(value as string | number) : undefined
  if (timeNs !== undefined && timeNs <= TIME_MAX) return timeNs
  throw new SyntaxError(`${where}: timestampNs must be a text of digits, or a number below 2^53`)
}

function parseText(text: unknown, where: string): Buffer {
  if (typeof text === 'string' && !/[\ud800-\udfff]/u.test(text)) return Buffer.from(text)
  throw new SyntaxError(`${where}: text must be a well-formed text`)
}

function parseBase64(base64: unknown, where: string): Buffer {
  if (typeof base64 === 'string' && BASE64.test(base64)) return Buffer.from(base64, 'base64')
  throw new SyntaxError(`${where}: base64 must be a text in base64`)
}
