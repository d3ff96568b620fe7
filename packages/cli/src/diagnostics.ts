import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { LogFn, Logger } from 'pino'
import { printable } from './output/printable.js'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What commands say beside their result. */
export type Diagnostics = Readonly<Record<'debug' | 'info' | 'warn' | 'error', LogFn>>

const load = createRequire(import.meta.url)
const STDERR = 2
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
}
/** Fields that pino adds and a person does not need. */
const BOOKKEEPING = new Set(['level', 'time', 'msg', 'err'])

/**
 * Diagnostics go to standard error: one readable line each on a terminal, pino's NDJSON elsewhere. Writes are synchronous, so that nothing is lost when the
 * process ends right after. The library is loaded for the first line: most runs have none, and most of them are short.
 */
export function createDiagnostics(level: LogLevel, readable: boolean): Diagnostics {
  let logger: Logger | undefined
  const log = (name: keyof Diagnostics): LogFn => {
    return (...args: [unknown]) => {
      logger ??= createLogger(level, readable)
      logger[name](...(args as [string]))
    }
  }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}

function createLogger(level: LogLevel, readable: boolean): Logger {
  const { pino } = load('pino') as typeof import('pino')
  const destination = { write: (line: string) => writeToStderr(readable ? readableLine(line) : line) }
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** Turns a line of pino's into `chron-cli: warning: message name=value`. */
function readableLine(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>
  const facts = Object.entries(entry)
    .filter(([name]) => !BOOKKEEPING.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
  const error = entry['err'] as { stack?: string } | undefined
  const stack = error?.stack === undefined ? '' : `\n${error.stack}`
  return `chron-cli: ${LEVEL_NAMES[Number(entry['level'])] ?? 'note'}: ${printable(String(entry['msg'] ?? ''))}${printable(facts.join(''))}${stack}\n`
}

function writeToStderr(text: string): void {
  try {
    writeSync(STDERR, text)
  } catch {
    // The reader of standard error has closed it; the result on standard output is what counts.
  }
}
