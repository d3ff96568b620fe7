import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { SPINS_AT_ONCE, SPINS_LEFT_OUT_MAX } from '../defaults.js'
import { openReader, openWriter } from '../index.js'
import { SpinHistory } from './spin-history.js'

/** How many of the next waits go without a spin. */
function leftOut(history: SpinHistory): number {
  let count = 0
  while (!history.isWorthwhile()) count++
  return count
}

describe('whether a wait is worth a spin', () => {
  it('is asked again after twice as many waits each time that one found nothing, and at once when one did', () => {
    const history = new SpinHistory()
    expect(leftOut(history)).toBe(0)
    for (const expected of [1, 2, 4, 8, 16, 32, 64, SPINS_LEFT_OUT_MAX]) {
      history.missed()
      expect(leftOut(history)).toBe(expected)
    }
    history.found()
    history.missed()
    expect(leftOut(history)).toBe(1)
  })

  it('has the event loop turn once for so many messages that were found', () => {
    const history = new SpinHistory()
    const turns = Array.from({ length: SPINS_AT_ONCE * 3 }, () => history.found()).filter(Boolean)
    expect(turns).toHaveLength(3)
  })
})

describe('an adaptive wait on an event loop', () => {
  it('lets the event loop turn although a message comes within every spin', async () => {
    const directory = join(temporaryDirectory(), 'queue')
    using writer = openWriter(directory)
    using reader = openReader(directory, 'r')
    let hasTurned = false
    setImmediate(() => {
      hasTurned = true
    })
    // The next message is there before each wait, as from a peer that answers within every spin.
    for (let count = 0; !hasTurned; count++) {
      expect(count).toBeLessThanOrEqual(SPINS_AT_ONCE)
      writer.append(1, Buffer.alloc(1))
      expect(await reader.waitAsync()).toBe('message')
      reader.next()
    }
  })
})
