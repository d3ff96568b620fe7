import { expect, it } from 'vitest'
import * as fanin from './index.js'

it('exports exactly these values', () => {
  expect(Object.keys(fanin).sort()).toEqual(['FanInMessage', 'FanInReader', 'RetryBackoff', 'isPassingError'])
})
