import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { pathOf } from '@chronicle-ts/core/internal'
import { readColdFile } from '../cold/cold-file.js'
import type { ReaderThresholds, StateThresholds, Threshold } from './state-thresholds.js'

/** Thresholds of a queue, in its directory: tools read it, writers and readers do not. */
export const THRESHOLDS_FILE = 'thresholds.json'

/** Far above what thousands of readers need. */
const THRESHOLDS_LENGTH_MAX = 1024 * 1024

const NUMBERS_OF_READERS = ['lagMessages', 'lagBytes', 'lagSeconds', 'ownLagSeconds'] as const
const SHRINKING_NUMBERS = ['diskFreeBytes', 'diskFreeShare'] as const
const NUMBERS = [...NUMBERS_OF_READERS, 'blockedSeconds', 'durableBehind', ...SHRINKING_NUMBERS] as const

/** The thresholds of a queue's `thresholds.json`; the defaults when that is missing or invalid, which `inspectQueue` reports as `THRESHOLDS_BAD`. */
export function readThresholds(directory: DirectoryPath): StateThresholds {
  const { thresholds } = lookAtThresholds(pathOf(directory))
  return thresholds
}

/** @internal The same with what is wrong with the file; `undefined` when it is missing or valid. */
export function lookAtThresholds(directory: string): { readonly thresholds: StateThresholds; readonly fault?: string } {
  try {
    const bytes = readColdFile(join(directory, THRESHOLDS_FILE), THRESHOLDS_LENGTH_MAX)
    if (bytes === undefined) return { thresholds: {} }
    return { thresholds: thresholdsOf(JSON.parse(bytes.toString('utf8'))) }
  } catch (error) {
    return { thresholds: {}, fault: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * Checks thresholds as they stand in `thresholds.json`: a number is where warnings begin, `{ "warning": 100, "critical": 1000 }` says both.
 *
 * @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT` with the name of the entry that is unknown or invalid.
 */
export function parseThresholds(value: unknown): StateThresholds {
  try {
    return thresholdsOf(value)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new InvalidArgumentError({ argument: 'thresholds', value, expected: `other thresholds: ${cause.message}` }, { cause })
  }
}

/** @throws RangeError with the name of the entry that is unknown or invalid. */
function thresholdsOf(value: unknown): StateThresholds {
  const entries = entriesOf(value, 'thresholds')
  const result: Record<string, unknown> = {}
  for (const [name, entry] of entries) {
    if (name === 'writer') result[name] = writerOf(entry)
    else if (name === 'readers') {
      const readers = entriesOf(entry, name).map(([reader, own]) => [reader, readerThresholds(own, `readers.${reader}`)])
      result[name] = Object.fromEntries(readers)
    } else if (name === 'optional') result[name] = booleanOf(entry, name)
    else if (NUMBERS.some((known) => known === name)) result[name] = thresholdOf(entry, name, isShrinking(name))
    else throw new RangeError(`unknown entry ${name}`)
  }
  return result as StateThresholds
}

function readerThresholds(value: unknown, path: string): ReaderThresholds {
  const result: Record<string, unknown> = {}
  for (const [name, entry] of entriesOf(value, path)) {
    if (name === 'optional') result[name] = booleanOf(entry, `${path}.${name}`)
    else if (NUMBERS_OF_READERS.some((known) => known === name)) result[name] = thresholdOf(entry, `${path}.${name}`)
    else throw new RangeError(`unknown entry ${path}.${name}`)
  }
  return result as ReaderThresholds
}

/** Whether less is worse, as of free space. */
function isShrinking(name: string): boolean {
  return SHRINKING_NUMBERS.some((known) => known === name)
}

function thresholdOf(value: unknown, path: string, shrinks = false): Threshold {
  if (isLimit(value)) return { warning: value }
  const entries = entriesOf(value, path)
  for (const [name, limit] of entries)
    if ((name !== 'warning' && name !== 'critical') || !isLimit(limit))
      throw new RangeError(`${path}: expected a number from 0 on, or { "warning": n, "critical": n }`)
  const threshold = Object.fromEntries(entries) as Threshold
  const { warning, critical } = threshold
  const isReversed = warning !== undefined && critical !== undefined && (shrinks ? warning < critical : warning > critical)
  if (isReversed) throw new RangeError(`${path}: the warning must come before the critical value`)
  return threshold
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

function writerOf(value: unknown): string {
  if (value !== 'running' && value !== 'any') throw new RangeError('writer: expected "running" or "any"')
  return value
}

function booleanOf(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new RangeError(`${path}: expected true or false`)
  return value
}

function entriesOf(value: unknown, path: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError(`${path}: expected an object`)
  return Object.entries(value)
}
