import { execFileSync } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { preload } from '../support/preload.js'
import { temporaryDirectory } from '../support/temporary.js'

const { EIO, ENOSPC } = constants.errno

interface Run {
  readonly program: string
  readonly args?: readonly string[]
  readonly preloaded?: string
  readonly env?: Record<string, string>
  readonly limit?: string
}

/** Runs a program in a folder of its own, and returns what it prints. */
function run({ program, args = [], preloaded, env = {}, limit = 'true' }: Run): unknown {
  const folder = temporaryDirectory()
  const path = fileURLToPath(new URL(`../programs/${program}.mjs`, import.meta.url))
  const switches = { SYNC_FAILURES: join(folder, 'switch'), THREAD_REFUSALS: join(folder, 'switch') }
  const output = execFileSync('sh', ['-c', `${limit} && exec "$0" "$@"`, process.execPath, path, ...args, folder], {
    encoding: 'utf8',
    timeout: 100_000,
    env: {
      ...process.env,
      ...switches,
      RESERVATIONS_WAIT: join(folder, 'switch'),
      RESERVATIONS_TRIED: join(folder, 'tried'),
      TEXT_CUT: join(folder, 'cut'),
      ...env,
      ...(preloaded === undefined ? {} : preload(preloaded)),
    },
  })
  return JSON.parse(output)
}

describe('a sync that fails', () => {
  const failing = (scenario: string, errno: number) =>
    run({ program: 'failing-syncs', args: [scenario], preloaded: 'failing-syncs', env: { SYNC_ERRNO: String(errno) } })

  it.each(['in this process', 'in the next writer'])('L48: everything since the mark is written again %s', (where) => {
    expect(failing(where, EIO)).toEqual([])
  })

  it('L48: the same holds when it was that of a segment that was rolled', () => {
    expect(failing('rolled', EIO)).toEqual([])
  })

  it.each([
    ['EIO', EIO],
    ['ENOSPC', ENOSPC],
  ])('L49: is ERR_NOT_DURABLE, with the sequence, where the policy waits (%s)', (_, errno) => {
    expect(failing('waiting', errno)).toEqual([])
  })
})

describe('a step that fails', () => {
  const interrupted = (scenario: string, options: Partial<Run>) =>
    run({ program: 'interrupted-rolls', args: [scenario], ...options })

  it('L46: in a roll without descriptors never leaves a mark that names what was not synced', () => {
    expect(interrupted('descriptors', { limit: 'ulimit -n 256' })).toEqual([])
  })

  it('L46, L54: is done by the calling thread where the system gives none, also when closing', () => {
    expect(interrupted('threads', { preloaded: 'refuse-threads' })).toEqual([])
  })

  it('L46: in an open leaves no timer, mapping, descriptor or lock behind', () => {
    expect(interrupted('opening', { limit: 'ulimit -n 256' })).toEqual([])
  })
})

it('L47: background work of a terminated writer holds the lock, says so until it ends, and publishes nothing', () => {
  expect(run({ program: 'work-after-writer', preloaded: 'slow-reservations' })).toEqual({
    refusal: {
      code: 'ERR_WRITER_ACTIVE',
      how: expect.stringMatching(/^background work of a writer that has ended still goes on: prepare/),
    },
    messages: ['from the worker', 'from the successor'],
    files: ['000000000.q', '000000001.q'],
  })
})

it('overwrites no message where the file system cannot reserve blocks and zeros are written instead', () => {
  expect(run({ program: 'no-reservations', preloaded: 'no-reservations' })).toEqual({ missing: 0 })
})
