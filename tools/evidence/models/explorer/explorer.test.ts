import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sample } from '../../effort/effort.mjs'
import { type Entry, faulty, sound } from './catalogue.js'
import { explore } from './explore.js'
import { type Cpu, END, type Model, words } from './machine.js'

const page = readFileSync(new URL('../../../../docs/models.md', import.meta.url), 'utf8')
const titleOf = ({ lesson, protocol, variant }: Entry) => `${lesson === undefined ? '' : `${lesson}: `}${protocol}, ${variant}`

describe('the protocols as they are meant to be', () => {
  for (const entry of sample(sound, { short: Math.ceil(sound.length / 3) })) {
    it(`holds in every reachable state: ${titleOf(entry)}`, () => {
      const { states, complete, violation } = explore(entry.model)
      expect(violation?.trace.concat(violation.message)).toBeUndefined()
      expect(complete).toBe(true)
      expect(page).toContain(`| ${entry.protocol} | ${entry.variant} | ${states.toLocaleString('en')} |`)
    })
  }
})

describe('faults put back in are found', () => {
  for (const entry of sample(faulty, { short: Math.ceil(faulty.length / 3) })) {
    it(`finds ${titleOf(entry)}`, () => {
      const { violation } = explore(entry.model)
      expect(violation?.message).toMatch(/\w/)
      expect(violation?.trace.length).toBeGreaterThan(0)
      expect(page).toContain(`\`${entry.variant}\``)
    })
  }
})

describe('the explorer itself', () => {
  const shared = words({ x: 1, y: 1, seen: 2 })

  /** The litmus test of store buffers: two processes each store one word and load the other's. */
  const storeBuffering = (fenced: boolean, bufferLength: number): Model => {
    const process = (index: 0 | 1) => ({
      name: `process ${index}`,
      locals: 0,
      start: 'store',
      steps: {
        store: (cpu: Cpu) => {
          cpu.store(index === 0 ? shared.x : shared.y, 1)
          return fenced ? 'fence' : 'load'
        },
        fence: (cpu: Cpu) => {
          cpu.fence()
          return 'load'
        },
        load: (cpu: Cpu) => {
          cpu.poke(shared.seen + index, cpu.load(index === 0 ? shared.y : shared.x))
          return END
        },
      },
    })
    return {
      words: shared.length,
      processes: [process(0), process(1)],
      bufferLength,
      kills: 0,
      judge: (end) => (end.word(shared.seen) + end.word(shared.seen + 1) === 0 ? 'both loads passed the stores' : undefined),
    }
  }

  it('lets loads pass buffered stores, as x86 does', () => {
    expect(explore(storeBuffering(false, 1)).violation?.message).toBe('both loads passed the stores')
  })

  it('keeps loads after a fence', () => {
    expect(explore(storeBuffering(true, 1))).toMatchObject({ complete: true })
  })

  it('is sequentially consistent without buffers', () => {
    expect(explore(storeBuffering(false, 0))).toMatchObject({ complete: true })
  })

  it('says when the limit ended the search', () => {
    expect(explore(storeBuffering(true, 1), 3).complete).toBe(false)
  })
})
