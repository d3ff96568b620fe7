import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { amount, SEED } from '../../../../tools/evidence/effort/effort.mjs'
import { describeFindings, probeDamages, scratchFolder, type WrittenMessage } from './damage-probes.js'
import { makeSmallQueue } from './small-queue.js'
import { readFiles, structureDamage } from './structure-fuzz.js'

/** For how long further rounds follow the first one. */
const SECONDS = amount({ short: 0, long: 0, full: 1800 })
const ROUND = SECONDS > 0 ? 500 : amount({ short: 20, long: 60 })

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
      const end = performance.now() + SECONDS * 1000
      let tried = 0
      do {
        const damages = Array.from({ length: ROUND }, (_, index) => structureDamage(files, SEED + tried + index))
        const probed = await probeDamages(template, messages, damages)
        expect(describeFindings(probed)).toEqual([])
        tried += probed.length
        if (SECONDS > 0) console.log(`${tried} queues, next seed ${SEED + tried}`)
      } while (performance.now() < end)
      expect(tried).toBeGreaterThanOrEqual(ROUND)
    },
    SECONDS * 1000 + 240_000,
  )
})
