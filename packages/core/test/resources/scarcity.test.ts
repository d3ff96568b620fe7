import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { preload } from '../support/preload.js'
import { temporaryDirectory } from '../support/temporary.js'

const PROGRAM = fileURLToPath(new URL('../programs/scarcity.mjs', import.meta.url))

let knownShell: string[] | undefined

/** A shell that may mount, or a failure that says what is missing: these tests are never left out silently. */
function mountingShell(): string[] {
  knownShell ??= findMountingShell()
  return knownShell
}

function findMountingShell(): string[] {
  const ways = [
    ['unshare', '-Urm'],
    ['unshare', '-m'],
    ['sudo', '-n', 'unshare', '-m'],
  ]
  const way = ways.find(
    ([command = '', ...args]) => spawnSync(command, [...args, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0,
  )
  if (way === undefined)
    throw new Error(
      'No small file system can be mounted here: neither user namespaces (unshare -Urm) nor root nor sudo. Allow one of them.',
    )
  return way
}

/** Runs a scenario and returns what should not have happened. */
function runScarce(scenario: string, options: { mounts?: boolean; limit?: string; preloaded?: string } = {}): string[] {
  const folder = temporaryDirectory()
  // The program may go on as another user.
  chmodSync(folder, 0o755)
  const prefix = options.mounts ? mountingShell() : []
  const limit = options.limit ?? 'true'
  // Not the environment of the command itself: sudo would drop it.
  const variables = Object.entries(options.preloaded === undefined ? {} : preload(options.preloaded))
  const [command = '', ...args] = [
    ...prefix,
    'env',
    ...variables.map((pair) => pair.join('=')),
    'sh',
    '-c',
    `${limit} && exec "$0" "$@"`,
    process.execPath,
    PROGRAM,
    scenario,
    folder,
  ]
  const output = execFileSync(command, args, { encoding: 'utf8', timeout: 100_000 })
  return JSON.parse(output) as string[]
}

/** Runs operations while the mappings of files are refused that the program says. */
function runWithoutMappings(options: { by: 'the kernel' | 'a preloaded library'; operations?: readonly string[] }): string[] {
  const folder = temporaryDirectory()
  const refusals = join(folder, 'refusals')
  writeFileSync(refusals, '0')
  const environment = { MMAP_REFUSALS: refusals, ...(options.by === 'the kernel' ? { MMAP_EXHAUST: '1' } : {}) }
  const program = fileURLToPath(new URL('../programs/map-limit.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [program, folder, ...(options.operations ?? [])], {
    encoding: 'utf8',
    timeout: 100_000,
    env: { ...process.env, ...preload('refuse-mmap'), ...environment },
  })
  return JSON.parse(output) as string[]
}

describe('scarce resources', () => {
  it('L20: a disk that fills up at any allocation is a coded error, stores nothing, and the queue goes on when space returns', () => {
    expect(runScarce('disk', { mounts: true })).toEqual([])
  })

  it('a queue that keeps less than the disk holds never finds it full, however fast it is written and read', () => {
    expect(runScarce('turnover', { mounts: true })).toEqual([])
  })

  it('nor does it when the space comes back while the disk is still being asked', () => {
    expect(runScarce('tight turnover', { mounts: true, preloaded: 'slow-disk' })).toEqual([])
  })

  it('L59: a full disk is left again by what frees space: opening, consuming, committing and closing need no new block', () => {
    expect(runScarce('consumed', { mounts: true })).toEqual([])
  })

  it('L59: a queue that cannot be made on a full disk leaves nothing', () => {
    expect(runScarce('new queue', { mounts: true })).toEqual([])
  })

  it('L59: a reader that is let go on a full disk learns exactly what it lost', () => {
    expect(runScarce('lost note', { mounts: true })).toEqual([])
  })

  it('L59: a queue on a full disk can be pruned', () => {
    expect(runScarce('prune', { mounts: true })).toEqual([])
  })

  it('L10: a reader for whose position there is no room is a coded error and leaves no registration', () => {
    expect(runScarce('positions', { mounts: true })).toEqual([])
  })

  it('a file system that is remounted read-only can still be read, and says so to every other caller', () => {
    expect(runScarce('read-only', { mounts: true })).toEqual([])
  })

  it('every operation survives having any number of descriptors left, and works again afterwards', () => {
    expect(runScarce('descriptors', { limit: 'ulimit -n 256' })).toEqual([])
  })

  it('names RLIMIT_MEMLOCK when segments cannot be locked into memory', () => {
    expect(runScarce('memlock', { limit: 'ulimit -l 0' })).toEqual([])
  })

  it('any mapping that is refused is an error that names vm.max_map_count, nothing is lost, and the same call works afterwards', () => {
    expect(runWithoutMappings({ by: 'a preloaded library' })).toEqual([])
  }, 120_000)

  it('the same holds when it is the kernel that has no mapping left', () => {
    expect(runWithoutMappings({ by: 'the kernel', operations: ['openReader'] })).toEqual([])
  }, 120_000)

  it('retention goes on without inotify, only slower', () => {
    const program = fileURLToPath(new URL('../programs/retention-without-inotify.mjs', import.meta.url))
    const env = { ...process.env, ...preload('refuse-inotify') }
    const options = { encoding: 'utf8', timeout: 60_000, env } as const
    const output = execFileSync(process.execPath, [program, join(temporaryDirectory(), 'queue')], options)
    const { before, ...rest } = JSON.parse(output) as { before: number; refused: string; messages: number }
    expect(rest).toEqual({ refused: 'EMFILE', messages: 40 })
    expect(before).toBeGreaterThan(2)
  })

  it.each([
    ['its syncs', {}],
    ['its syncs and deletions', { retention: { maxSegments: 4 } }],
  ])('a writer that rolls faster than the disk works waits for %s before it runs out of descriptors', (_, writerOptions) => {
    const program = fileURLToPath(new URL('../programs/fast-rolls.mjs', import.meta.url))
    const args = [program, join(temporaryDirectory(), 'queue'), JSON.stringify(writerOptions), '240']
    const options = { encoding: 'utf8', timeout: 60_000, env: { ...process.env, ...preload('slow-syncs') } } as const
    const output = execFileSync('sh', ['-c', 'ulimit -n 160 && exec "$0" "$@"', process.execPath, ...args], options)
    const { filesMax, ...counts } = JSON.parse(output) as { filesMax: number }
    expect(counts).toEqual({ nextSequence: 240, durableSequence: 240 })
    if ('retention' in writerOptions) expect(filesMax).toBeLessThan(200)
  })

  it('losing the permission for the directory at run time is a coded error and nothing is lost', () => {
    expect(runScarce('permission')).toEqual([])
  })
})
