import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeFindings, probeDamages, scratchFolder, type WrittenMessage } from './damage-probes.js'
import { makeSmallQueue } from './small-queue.js'
import { readFiles, structureDamage } from './structure-fuzz.js'

/** `npm run fuzz -- --minutes N --seed S` sets these. Without it the same queues are tried every time. */
const MINUTES = Number(process.env['CHRONICLE_FUZZ_MINUTES'] ?? 0)
const SEED = Number(process.env['CHRONICLE_FUZZ_SEED'] ?? 1)
const ROUND = MINUTES > 0 ? 500 : 60

let folder: string
let template: string
let messages: WrittenMessage[]

beforeAll(() => {
  folder = scratchFolder()
  ;({ template, messages } = makeSmallQueue(folder))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('fuzzing by structure', () => {
  it(
    `keeps every promise for any content of the parts of a queue, seed ${SEED}`,
    async () => {
      const files = readFiles(template)
      const end = performance.now() + MINUTES * 60_000
      let tried = 0
      do {
        const damages = Array.from({ length: ROUND }, (_, index) => structureDamage(files, SEED + tried + index))
        const probed = await probeDamages(template, messages, damages)
        expect(describeFindings(probed)).toEqual([])
        tried += probed.length
        if (MINUTES > 0) console.log(`${tried} queues, next seed ${SEED + tried}`)
      } while (performance.now() < end)
      expect(tried).toBeGreaterThanOrEqual(ROUND)
    },
    MINUTES * 60_000 + 240_000,
  )
})
