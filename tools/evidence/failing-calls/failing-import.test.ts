import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspectQueue, openColdReader } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Duration, FAULTS } from './fault.js'
import { buildFailingCalls, Injector, injectorEnvironment } from './injector.js'

const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url))
const CLI = join(CHECKOUT, 'packages/cli/bin/chron-cli.js')
const MESSAGES = 60

let folder: string
let queue: string

beforeEach(makeFolder)
afterEach(removeFolder)

function makeFolder(): void {
  folder = mkdtempSync(join(tmpdir(), 'chronicle-import-'))
  queue = join(folder, 'bus/queue')
  mkdirSync(join(folder, 'bus'))
}

function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true })
}

function importInput(args: readonly string[], variables: Record<string, string> = {}) {
  const env = { ...process.env, ...variables }
  const command = [CLI, 'import', queue, join(folder, 'input'), '--yes', ...args]
  const { status: exitCode, stdout, stderr } = spawnSync(process.execPath, command, { env, encoding: 'utf8' })
  return { exitCode, stdout, stderr }
}

/** The import of a file whose syncs fail from the `nth` on, or that one alone. */
function importWhileSyncsFail(nth: number, duration: Duration, input: string, ...args: readonly string[]) {
  const control = join(folder, 'control')
  const variables = injectorEnvironment({ library: buildFailingCalls(CHECKOUT), control, folder: join(folder, 'bus') })
  const injector = new Injector(control)
  const fault = FAULTS.find(({ name }) => name === 'EIO of a sync') ?? expect.fail('no fault')
  injector.arm(fault, duration, nth)
  writeFileSync(join(folder, 'input'), input)
  return { ...importInput(args, variables), ...injector.disarm() }
}

/** The fields of the line of the log that says how much is in. */
function partIn(stderr: string): { messages: number; durable: number } | undefined {
  const line = stderr.split('\n').find((text) => text.includes('of the input'))
  return line === undefined ? undefined : JSON.parse(line)
}

function texts(): string[] {
  using reader = openColdReader(queue)
  return Array.from(reader, (item) => (item.kind === 'record' ? item.payload.toString() : [])).flat()
}

const LINES = Array.from({ length: MESSAGES }, (_, index) => `${index} ${'x'.repeat(200)}`)
const SMALL = ['--format', 'lines', '--segment-size', '4096']
const INPUT = LINES.map((line) => `${line}\n`).join('')

it.each<Duration>(['once', 'from-then-on'])(
  'an import whose syncs fail (%s) says what is in and what is durable, and can be resumed',
  (duration) => {
    for (let nth = 1; ; nth *= 2) {
      const { exitCode, stderr, stdout, fired } = importWhileSyncsFail(nth, duration, INPUT, ...SMALL)
      if (fired === 0) break
      const part = partIn(stderr)
      if (exitCode === 0) expect(stdout, `sync ${nth}`).toContain(`${MESSAGES} messages appended`)
      else if (part !== undefined) {
        const { head, durable } = inspectQueue(queue)
        expect(head.nextSequence, `sync ${nth}`).toBe(part.messages)
        expect(durable?.sequence ?? 0, `sync ${nth}`).toBe(part.durable)
        expect(texts(), `sync ${nth}`).toEqual(LINES.slice(0, part.messages))
      }
      const resumed = importInput(['--format', 'lines', '--resume'])
      expect(resumed, `sync ${nth}`).toMatchObject({ exitCode: 0 })
      expect(texts(), `sync ${nth}`).toEqual(LINES)
      expect(inspectQueue(queue).durable?.sequence, `sync ${nth}`).toBe(MESSAGES)
      removeFolder()
      makeFolder()
    }
  },
)

it('reports an invalid line as the reason, and that the messages before it are not durable', () => {
  // In one large segment nothing is synced before the end of the import.
  const input = `{"text":"good"}\n{"text":"good"}\nnot a message\n`
  const more = ['--format', 'ndjson', '--segment-size', '1MiB']
  for (let nth = 1; ; nth += 1) {
    const { exitCode, stderr, fired } = importWhileSyncsFail(nth, 'from-then-on', input, ...more)
    expect(fired, 'a sync that fails when the queue is there').toBeGreaterThan(0)
    expect(exitCode).toBe(1)
    const part = partIn(stderr)
    if (part?.durable === 0) {
      expect(part.messages).toBe(2)
      expect(stderr).toContain('none of them would survive a power loss')
      expect(stderr.trimEnd().split('\n').at(-1)).toContain('input:3')
      break
    }
    removeFolder()
    makeFolder()
  }
})
