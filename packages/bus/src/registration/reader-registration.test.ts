import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { ReaderRegistration } from './reader-registration.js'

function someQueue(): string {
  const queue = temporaryFolder()
  using writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 5; index++) writer.append(1, Buffer.from(`message ${index}`))
  return queue
}

it('L41: names the readers of a queue, their lag and whether they run, without joining it', () => {
  const queue = someQueue()
  const registration = new ReaderRegistration(queue)
  expect(registration.list()).toEqual([])
  using running = openReader(queue, 'running')
  running.next()
  running.next()
  running.commit()
  openReader(queue, 'asleep').close()
  const list = registration.list()
  expect(list.map(({ name, alive, lag }) => [name, alive, lag?.messages])).toEqual([
    ['asleep', false, 5],
    ['running', true, 3],
  ])
  expect(list[1]?.pid).toBe(process.pid)
  expect(list[0]?.lastCommitNs).toBeGreaterThan(0n)
})

it('registers a name that is to read later, and keeps the position of one that is there', () => {
  const queue = someQueue()
  const registration = new ReaderRegistration(queue)
  registration.register('late', { start: 'latest' })
  registration.register('late')
  expect(registration.list()).toMatchObject([{ name: 'late', alive: false, lag: { messages: 0 } }])
})

it('L36: refuses names that are paths, and names in use', () => {
  const queue = someQueue()
  const registration = new ReaderRegistration(queue)
  using reader = openReader(queue, 'running')
  for (const use of [
    () => registration.register('../x'),
    () => registration.register('running'),
    () => registration.unregister('running'),
  ]) {
    expect(use).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_(INVALID_ARGUMENT|READER_ACTIVE)$/) }))
  }
  expect(reader.next()?.sequence).toBe(0)
  expect(registration.list()).toHaveLength(1)
})

it('L11: names a damaged reader, and forgets it on request', () => {
  const queue = someQueue()
  const registration = new ReaderRegistration(queue)
  registration.register('damaged')
  writeFileSync(join(queue, 'readers', 'damaged.meta'), 'x'.repeat(80))
  expect(registration.list()).toMatchObject([{ name: 'damaged', position: undefined, problem: { code: 'READER_BAD' } }])
  expect(registration.unregister('damaged')).toBe(true)
  expect(registration.unregister('damaged')).toBe(false)
  expect(registration.list()).toEqual([])
})

it('says that there is no queue', () => {
  const registration = new ReaderRegistration(join(temporaryFolder(), 'none'))
  expect(() => registration.list()).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
  expect(registration.unregister('alpha')).toBe(false)
  expect(() => registration.register('alpha')).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
})
