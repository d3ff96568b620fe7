import { isReaderName } from '../format/index.js'

/** What the value of an option may be. `undefined` is always allowed: an option that is not given. */
export interface OptionKind {
  /** For the error of another value. */
  readonly expected: string
  accepts(value: unknown): boolean
}

export const FLAG: OptionKind = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' }

export const CALLBACK: OptionKind = { expected: 'a function', accepts: (value) => typeof value === 'function' }

export const TEXT: OptionKind = {
  expected: 'a text that is not empty',
  accepts: (value) => typeof value === 'string' && value !== '',
}

export const COUNT: OptionKind = {
  expected: 'an integer from 0 on',
  accepts: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
}

export const COUNT_OR_INFINITY: OptionKind = {
  expected: 'an integer from 0 on, or Infinity',
  accepts: (value) => COUNT.accepts(value) || value === Number.POSITIVE_INFINITY,
}

export const COUNT_FROM_ONE: OptionKind = {
  expected: 'an integer from 1 on',
  accepts: (value) => COUNT.accepts(value) && value !== 0,
}

export const MILLISECONDS: OptionKind = {
  expected: 'a number of milliseconds, not negative',
  accepts: (value) => typeof value === 'number' && value >= 0,
}

/** Of a wait: one that is over at the beginning looks once. */
export const TIME_LIMIT: OptionKind = {
  expected: 'a number of milliseconds',
  accepts: (value) => typeof value === 'number' && !Number.isNaN(value),
}

export const NANOSECONDS: OptionKind = {
  expected: 'a bigint of nanoseconds, not negative',
  accepts: (value) => typeof value === 'bigint' && value >= 0n,
}

export const READER_NAME: OptionKind = { expected: 'the name of a reader', accepts: isReaderName }

/** Options of another call. That call checks their names. */
export const GROUP: OptionKind = {
  expected: 'an object',
  accepts: (value) => Object.prototype.toString.call(value) === '[object Object]',
}

/** One of some words. */
export function oneOf(...words: readonly string[]): OptionKind {
  return { expected: words.join(', '), accepts: (value) => typeof value === 'string' && words.includes(value) }
}

/** An object that has these members, which no other options are. */
export function objectWith(expected: string, ...members: readonly string[]): OptionKind {
  return {
    expected,
    accepts: (value) => typeof value === 'object' && value !== null && members.every((member) => member in value),
  }
}
