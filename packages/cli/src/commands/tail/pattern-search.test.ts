import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PatternSearch } from './pattern-search.js'
import { SlowSearch } from './slow-search.js'

const FOREVER = /(a+)+$/
const NEVER_ENDS = `${'a'.repeat(60)}b`

describe('a search with a pattern', () => {
  it('says which texts match', async () => {
    // Depending on the machine, another thread searches the one in the middle.
    const search = new PatternSearch(FOREVER, ['a', `${'a'.repeat(21)}b`, 'b'])
    let matches = search.step()
    while (matches === undefined) {
      await search.pending
      matches = search.step()
    }
    expect(matches).toEqual([true, false, false])
  })

  it.each([
    ['abc', true],
    ['ABC', true],
    ['xyz', false],
  ])('says the same in another thread: %s', async (text, matches) => {
    const search = new SlowSearch(/b/i, text)
    await search.done
    expect(search.matches).toBe(matches)
  })

  it('L68: leaves a signal that comes in it to the handlers of the process', async () => {
    let heard = 0
    const hear = () => {
      heard += 1
    }
    process.on('SIGINT', hear)
    onTestFinished(() => void process.off('SIGINT', hear))
    class Interrupted extends RegExp {
      override test(text: string): boolean {
        process.kill(process.pid, 'SIGINT')
        return super.test(text)
      }
    }
    expect(new PatternSearch(new Interrupted('a'), ['a', 'b']).step()).toEqual([true, false])
    while (heard === 0) await turn()
  })

  it('leaves the event loop its turns while a text never ends, and stops with it', async () => {
    const search = new PatternSearch(FOREVER, [NEVER_ENDS])
    expect(search.step()).toBeUndefined()
    const { pending } = search
    expect(pending).toBeDefined()
    await turn()
    expect(search.step()).toBeUndefined()
    search.close()
    await pending
  })

  it('gives up on it after a while', async () => {
    const search = new PatternSearch(FOREVER, [NEVER_ENDS])
    search.step()
    await search.pending
    expect(() => search.step()).toThrow('takes too long')
  })
})
