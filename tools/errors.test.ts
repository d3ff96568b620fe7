import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MarksLostError } from '@chronicle-ts/bus'
import { isQueueError, QUEUE_ERROR_CODES } from '@chronicle-ts/core'
import { AddonError } from '@chronicle-ts/native'
import {
  BadMessageError,
  InvalidArgumentError,
  isSchemaError,
  SCHEMA_ERROR_CODES,
  SchemaIncompatibleError,
  SchemaIoError,
} from '@chronicle-ts/schema'
import { WhereError } from '@chronicle-ts/typed'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { CommandError, InterruptedError, UsageError } from '../packages/cli/src/command-error.js'
import { WrongResultError } from '../packages/cli/src/commands/bench/bench-task.js'
import { CsvError } from '../packages/cli/src/commands/import/csv-records.js'
import { LineTooLongError } from '../packages/cli/src/commands/import/split-lines.js'
import { TooSlowError } from '../packages/cli/src/interruptible.js'
import { checkoutFiles } from './checkout-files.mjs'
import { root } from './run/root.mjs'

interface CodedError extends Error {
  readonly code: string
  readonly category: string
}

/** One of each class beside those of core, which core's own test makes. */
const OTHERS: readonly CodedError[] = [
  new AddonError('the addon does not load', { paths: ['/nowhere/chronicle.node'] }),
  new BadMessageError({ type: 'Quote', field: 'bid', detail: 'too short' }),
  new InvalidArgumentError({ argument: 'bid', value: 'x', expected: 'a number' }),
  new SchemaIncompatibleError({ type: 'Quote', typeId: 1, differences: ['bid is gone'] }),
  new SchemaIoError({ path: '/queue/schemas', syscall: 'open', errnoName: 'EACCES' }),
  new WhereError({ text: 'bid >', position: 5, detail: 'expected a value' }),
  new MarksLostError({ directory: '/queue', loss: 'directory-gone' }),
  new MarksLostError({ directory: '/queue', loss: 'directory-replaced' }),
  new MarksLostError({ directory: '/queue', loss: 'taken-over' }),
  new UsageError('wrong'),
  new InterruptedError('interrupted'),
  new WrongResultError('read 1 message of 2'),
  new CsvError('a quote'),
  new LineTooLongError(1, 10),
  new TooSlowError('took longer than 5 ms'),
]

/** Classes that tests of their own make, by the reason why none is made here. */
const MADE_ELSEWHERE: Readonly<Record<string, string>> = {
  QueueError: 'abstract',
  SchemaError: 'abstract',
  CommandError: 'abstract',
  BadInputError: 'private to its file',
  ColdFileError: 'a system error inside of inspect, which leaves it as a QueueError',
  StepSkipped: 'ends a step of a repair inside of inspect',
}

const page = readFileSync(join(root, 'docs/errors.md'), 'utf8')
const sections = new Map(
  page
    .split('\n## ')
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
)

const sources = checkoutFiles(root, /(?<!\.test)\.ts$/, 'packages').filter((path) => /^packages\/[^/]+\/src\//.test(path))
/** Every class of error in the sources of the packages: its name and its file. */
const classes = sources.flatMap((path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/^(?:export )?(?:abstract )?class (\w+) extends \w*Error\b/gm)].map(
    ([, name = '']) => ({ path, name }),
  ),
)

describe('docs/errors.md', () => {
  it('has a section for every code of every package, and for no other', () => {
    const codes = new Set<string>([...QUEUE_ERROR_CODES, ...SCHEMA_ERROR_CODES, ...OTHERS.map(({ code }) => code)])
    expect([...sections.keys()].sort()).toEqual([...codes].sort())
  })

  it.each(OTHERS.map((error) => [error.constructor.name, error] as const))('has the category and the facts of %s', (_, error) => {
    const section = sections.get(error.code) ?? ''
    const [, category] = /^\w+(?: of `chron-cli`)?, (\w+)\./m.exec(section) ?? []
    expect(section).toContain('\n\nWhat to do: ')
    // By any code: a process that lost its marks cannot have them back.
    expect(error.category).toBe(error instanceof MarksLostError ? 'fatal' : category)
    const [, facts = ''] = /Facts: (.*)\.$/m.exec(section) ?? []
    // The marks of a strategy hold no messages that could be unread.
    const isFact = (name = '') => !(error instanceof MarksLostError && name === 'unread')
    const names = [...facts.matchAll(/`(\w+)`/g)].map(([, name]) => name).filter(isFact)
    if (isQueueError(error) || isSchemaError(error) || error instanceof AddonError)
      expect(Object.keys(error)).toEqual(expect.arrayContaining(names))
  })
})

describe('a class of error', () => {
  it('is known here or to the test of core, in every package', () => {
    const known = new Set([...OTHERS.map((error) => error.constructor.name), ...Object.keys(MADE_ELSEWHERE)])
    const unknown = classes.filter(({ path, name }) => !known.has(name) && !path.startsWith('packages/core/src/errors/'))
    expect(unknown).toEqual([])
    expect(classes.length).toBeGreaterThan(45)
  })

  it.each(OTHERS.map((error) => [error.constructor.name, error] as const))(
    '%s has name, code, category and its base',
    (_, error) => {
      expect(error.name).toBe(error.constructor.name)
      expect(error.code).toMatch(/^ERR_[A-Z_]+$/)
      expect(['usage', 'retry', 'fatal']).toContain(error.category)
      const isBranded = ['QueueError', 'SchemaError', 'AddonError'].filter((base) => Symbol.for(`chronicle-ts.${base}`) in error)
      expect(isBranded).toHaveLength(error instanceof CommandError ? 0 : 1)
    },
  )
})

describe('isSchemaError', () => {
  it('knows an error of another copy of the library, and nothing that only looks like one', () => {
    const brand = Symbol.for('chronicle-ts.SchemaError')
    class OtherCopy extends Error {
      readonly code = 'ERR_BAD_MESSAGE'
      readonly [brand] = true
    }
    expect(isSchemaError(new OtherCopy())).toBe(true)
    expect(isSchemaError(new OtherCopy(), 'ERR_IO')).toBe(false)
    expect(isSchemaError(Object.assign(new Error('x'), { code: 'ERR_BAD_MESSAGE' }))).toBe(false)
  })

  it('narrows to the class of the code', () => {
    const error: unknown = new SchemaIoError({ path: '/queue/schemas', errnoName: 'ENOSPC' })
    if (!isSchemaError(error, 'ERR_IO')) throw error
    expectTypeOf(error).toEqualTypeOf<SchemaIoError>()
    expect(error).toMatchObject({ errno: -28, errnoName: 'ENOSPC' })
  })
})
