import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openObserver } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processesWith, runExample } from '../run-example.js'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'topology-'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** Runs an example to its end and reads its facts. */
async function run(name: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runExample(`${name}/main.js`, ['--root', root, '--json', ...args])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  expect(processesWith(root)).toEqual([])
  return JSON.parse(stdout)
}

it('backpressure: a fast producer waits for a slow consumer, and nothing is lost', async () => {
  const facts = await run('backpressure', '--messages', '2000')
  expect(facts).toMatchObject({ isSound: true, sent: 2000, orders: 2000, gaps: 0, capacity: 252 })
  expect(facts['waits']).toBeGreaterThan(0)
  expect(facts['segmentsDeleted']).toBeGreaterThan(0)
  expect(facts['largestLag']).toBeLessThanOrEqual(252)
})

describe('pipeline', () => {
  it('repeats one message per crash, or none when B looks at its own output first, and loses none', async () => {
    expect(await run('pipeline', '--messages', '1000')).toMatchObject({
      isSound: true,
      crashes: 3,
      repeatsAtLeastOnce: 3,
      repeatsExactlyOnce: 0,
      missing: 0,
      sum: 333_833_500,
    })
    const lengthOf = (queue: string) => {
      using observer = openObserver(join(root, queue), { start: 'earliest' })
      return observer.poll(10_000, () => {})
    }
    expect(lengthOf('at-least-once/b-to-c')).toBe(1004)
    expect(lengthOf('exactly-once/b-to-c')).toBe(1001)
  })

  it('holds also when B dies at its only message', async () => {
    expect(await run('pipeline', '--messages', '1')).toMatchObject({
      crashes: 1,
      repeatsAtLeastOnce: 1,
      repeatsExactlyOnce: 0,
      sum: 1,
    })
  })
})

it('diamond: the merged stream is the same in every run, whatever the timing (L40)', async () => {
  const runs: unknown[] = []
  for (const folder of ['first', 'second']) {
    const { root: _, ...facts } = await run('diamond', '--messages', '1000', '--root', join(root, folder))
    runs.push(facts)
  }
  expect(runs[0]).toMatchObject({ isSound: true, pairs: 1000, unpaired: 0, late: 0 })
  expect(runs[1]).toEqual(runs[0])
})

it('late-joiner: snapshot plus replay ends with the same balances although the beginning is gone', async () => {
  const facts = await run('late-joiner', '--messages', '6250')
  expect(facts).toMatchObject({ isSound: true, published: 6250, balances: 'the same' })
  // Published up to the moment it joined: 3125, of which the snapshot has 3000. One that is slow is overtaken, and takes a newer one of the snapshots, of which there is one in 500.
  if (facts['snapshotsTaken'] === 1) expect(facts['replayed']).toBe(3250)
  expect(Number(facts['replayed']) % 500).toBe(250)
  expect(facts['firstSequence']).toBeGreaterThan(0)
})

it('examples say how they are used and what is wrong with their arguments', async () => {
  for (const name of ['backpressure', 'pipeline', 'diamond', 'late-joiner']) {
    const program = `${name}/main.js`
    expect((await runExample(program, ['--help'])).stdout).toContain(`Usage: node examples/dist/${program}`)
    expect(await runExample(program, ['--messages', 'many'])).toMatchObject({
      code: 1,
      stderr: '--messages is a whole number above 0: many\n',
    })
  }
  writeFileSync(join(root, 'something'), '')
  expect((await runExample('diamond/main.js', ['--root', root])).stderr).toMatch(/--root is to be an empty folder/)
})
