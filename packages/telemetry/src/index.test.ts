import { expect, it } from 'vitest'
import * as telemetry from './index.js'

it('exports exactly the public surface', () => {
  expect(Object.keys(telemetry).sort()).toEqual(['TracedReader', 'TracedWriter', 'collectMetrics', 'logTo', 'traced'])
})
