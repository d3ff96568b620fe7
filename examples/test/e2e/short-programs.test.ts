import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { processesWith, runExample } from '../run-example.js'

/** Runs a program to its end and reads what it found. */
async function run(name: string, messages: number): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runExample(`${name}.js`, [String(messages)])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(processesWith(fileURLToPath(new URL(`../../dist/${name}.js`, import.meta.url)))).toEqual([])
  return JSON.parse(stdout)
}

it('backpressure: a fast producer waits for a slow consumer, and nothing is lost', async () => {
  const found = await run('backpressure', 2000)
  expect(found).toMatchObject({ sent: 2000, received: 2000, gaps: 0, capacity: 508 })
  expect(found['waits']).toBeGreaterThan(0)
  expect(found['segmentsDeleted']).toBeGreaterThan(0)
  expect(found['largestLag']).toBeLessThanOrEqual(508)
})

it('pipeline: repeats one message per crash, or none when B looks at its own output first, and loses none', async () => {
  expect(await run('pipeline', 1000)).toEqual({
    numbers: 1000,
    expectedSum: 333_833_500,
    atLeastOnce: { crashes: 3, messages: 1003, repeats: 3, missing: 0, sum: 333_833_500 },
    exactlyOnce: { crashes: 3, messages: 1000, repeats: 0, missing: 0, sum: 333_833_500 },
  })
})

it('pipeline: holds also when B dies at its only message', async () => {
  expect(await run('pipeline', 1)).toMatchObject({
    atLeastOnce: { crashes: 1, repeats: 1, sum: 1 },
    exactlyOnce: { crashes: 1, repeats: 0, sum: 1 },
  })
})

it('diamond: the merged stream is the same in every run, for any timing (L40)', async () => {
  const runs = [await run('diamond', 1000), await run('diamond', 1000)]
  expect(runs[0]).toMatchObject({ pairs: 1000, unpaired: 0, late: 0 })
  expect(runs[1]).toEqual(runs[0])
})

it('late-joiner: snapshot plus replay ends with the same balances although the beginning is gone', async () => {
  const found = await run('late-joiner', 6250)
  expect(found).toMatchObject({ published: 6250, balances: 'the same' })
  // There is a snapshot of every 500 updates, so what is replayed of 6250 ends in 250, whichever was the newest.
  expect(Number(found['replayed']) % 500).toBe(250)
  expect(found['snapshotsTaken']).toBeGreaterThan(0)
  expect(found['firstSequence']).toBeGreaterThan(0)
})

it('claim: publishes what was committed and nothing of what was aborted', async () => {
  expect(await run('claim', 1000)).toEqual({ committed: 900, aborted: 100, read: 900, crossed: 0 })
})
