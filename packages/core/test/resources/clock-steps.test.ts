import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { preload } from '../support/preload.js'
import { temporaryDirectory } from '../support/temporary.js'

it('a clock that steps by days and years, there and back, costs no message, no wait, no lock and no running reader', () => {
  const folder = temporaryDirectory()
  const step = join(folder, 'step')
  writeFileSync(step, '0')
  const program = fileURLToPath(new URL('../programs/clock-steps.mjs', import.meta.url))
  const env = { ...process.env, ...preload('step-clock'), CLOCK_STEP: step }
  const output = execFileSync(process.execPath, [program, join(folder, 'queue')], { encoding: 'utf8', timeout: 110_000, env })
  expect(JSON.parse(output)).toEqual([])
}, 120_000)
