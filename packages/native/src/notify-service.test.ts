import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, it } from 'vitest'
import { binding } from './index.js'

let listener: ChildProcess | undefined

afterEach(() => {
  delete process.env['NOTIFY_SOCKET']
  listener?.kill()
})

const LISTEN = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
print(s.recv(100).decode(), flush=True)`

it('notifies the service manager that asked for it, and no other process', async () => {
  expect(binding.notifyService('READY=1')).toBe(false)
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-notify-'))
  const path = join(folder, 'notify')
  listener = spawn('python3', ['-c', LISTEN, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: listener.stdout as NonNullable<ChildProcess['stdout']> })[Symbol.asyncIterator]()
  expect((await lines.next()).value).toBe('bound')
  process.env['NOTIFY_SOCKET'] = path
  expect(binding.notifyService('READY=1')).toBe(true)
  expect((await lines.next()).value).toBe('READY=1')
  rmSync(folder, { recursive: true })
  expect(() => binding.notifyService('READY=1')).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'sendto' }))
})
