import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { binding } from './index.js'

it('says whether the other end of a socket is closed, also when nothing is written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-hang-up-'))
  const path = join(folder, 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  // It reads nothing, so that node does not close it together with the other end.
  const near = createConnection({ path, allowHalfOpen: true }).pause()
  const [far] = (await once(server, 'connection')) as [Socket]
  const { fd } = (near as unknown as { _handle: { fd: number } })._handle
  expect(binding.hasHungUp(fd)).toBe(false)
  far.destroy()
  await once(far, 'close')
  expect(binding.hasHungUp(fd)).toBe(true)
  near.destroy()
  server.close()
  rmSync(folder, { recursive: true })
})

it('is false for files, and refuses what is not open', () => {
  const fd = openSync('/dev/null', 'w')
  expect(binding.hasHungUp(fd)).toBe(false)
  closeSync(fd)
  expect(() => binding.hasHungUp(fd)).toThrow(expect.objectContaining({ code: 'EBADF', syscall: 'poll' }))
  expect(() => binding.hasHungUp(-1)).toThrow(RangeError)
})
