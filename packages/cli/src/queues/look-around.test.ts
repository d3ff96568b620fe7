import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFolder } from '../../test/support/queue-folder.js'
import { InterruptedError } from '../command-error.js'
import { lookAround } from './look-around.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
  for (const name of ['a', 'b', 'c']) openWriter(folder.join(name), { segmentSize: 4096 }).close()
})
afterEach(() => folder.remove())

it.each([true, false])('ends between two queues when the command was asked to end (quick: %s)', async (quick) => {
  const ending = new AbortController()
  const looked: string[] = []
  const stateOptions = (queue: string) => {
    looked.push(queue)
    ending.abort()
    return {}
  }
  await expect(lookAround(ending, folder.join('.'), { quick, stateOptions })).rejects.toThrow(InterruptedError)
  expect(looked).toHaveLength(1)
})

it('looks at nothing when the command was asked to end before', async () => {
  await expect(lookAround({ signal: AbortSignal.abort() }, folder.join('.'))).rejects.toThrow(InterruptedError)
})
