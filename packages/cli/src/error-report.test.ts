import { ClosedError } from '@chronicle-ts/core'
import { SchemaIncompatibleError } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { InterruptedError, UsageError } from './command-error.js'
import { WrongResultError } from './commands/bench/bench-task.js'
import { errorReport, messageOfError } from './error-report.js'

describe('errorReport', () => {
  it.each([
    ['ERR_CLOSED', new ClosedError({ handle: 'reader', directory: '/queue' })],
    ['ERR_SCHEMA_INCOMPATIBLE', new SchemaIncompatibleError({ type: 'Quote', typeId: 1, differences: ['bid is gone'] })],
    ['ERR_USAGE', new UsageError('wrong')],
    ['ERR_INTERRUPTED', new InterruptedError('interrupted')],
    ['ERR_WRONG_RESULT', new WrongResultError('read 1 message of 2')],
    ['ERR_INTERNAL', new Error('a defect')],
  ])('has the code %s of the error, of whichever package', (code, error) => {
    expect(errorReport('tail', error)).toMatchObject({ command: 'tail', code, message: error.message })
  })

  it('names the code of what the system refuses, in text as in JSON', () => {
    const refused = Object.assign(new Error("ENOTDIR: not a directory, stat 'a/b'"), {
      code: 'ENOTDIR',
      path: 'a/b',
      syscall: 'stat',
    })
    expect(messageOfError(refused)).toMatch(/^Not a queue.* directory=a\/b \(ERR_NOT_A_QUEUE\)$/)
    expect(errorReport('tail', refused).code).toBe('ERR_NOT_A_QUEUE')
  })

  it('has the facts of an error of a message type', () => {
    const error = new SchemaIncompatibleError({ type: 'Quote', typeId: 1, differences: ['bid is gone'] })
    expect(errorReport('schema', error).facts).toEqual({ type: 'Quote', typeId: 1, differences: ['bid is gone'] })
    expect(messageOfError(error)).toMatch(/ \(ERR_SCHEMA_INCOMPATIBLE\)$/)
  })
})
