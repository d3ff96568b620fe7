import { expect, it } from 'vitest'
import * as replay from './index.js'

it('exports exactly the public surface', () => {
  expect(Object.keys(replay).sort()).toEqual(['Processor', 'Replay', 'openProcessor', 'openReplay'])
})
