import { describe, expect, it } from 'vitest'
import { type Delivered, drain, HandClocks, type MemoryMerge, memoryMerge, short, take } from '../test/memory/memory-merge.js'
import { MemorySource } from '../test/memory/memory-source.js'
import { measureMerge } from './measure-merge.js'

const MS = 1_000_000n
const HOLD_BACK_MS = 200

/** A merge of living writers that publish no heartbeat, and its clock. */
class Stage {
  readonly clocks = new HandClocks()
  readonly merge: MemoryMerge = memoryMerge({ mode: 'ordered', clocks: this.clocks, holdBackMs: HOLD_BACK_MS })
  readonly sources: MemorySource[]
  /** When each message was delivered, in milliseconds. */
  readonly deliveredMs: number[] = []
  readonly delivered: Delivered[] = []

  constructor(count: number) {
    this.clocks.nowNs = 1_000_000n * MS
    this.sources = Array.from({ length: count }, () => new MemorySource())
    for (const [i, source] of this.sources.entries()) this.merge.add(`s${String(i).padStart(4, '0')}`, source, 0n)
  }

  source(index: number): MemorySource {
    return this.sources[index] as MemorySource
  }

  get nowMs(): number {
    return Number(this.clocks.nowNs / MS)
  }

  /** Takes what can be taken, once per millisecond. */
  pass(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.take()
      this.clocks.nowNs += MS
    }
    this.take()
  }

  take(): void {
    for (const one of drain(this.merge)) {
      this.delivered.push(one)
      this.deliveredMs.push(this.nowMs)
    }
  }

  get isInOrder(): boolean {
    return this.delivered.every(
      ({ timestampNs }, i) => i === 0 || timestampNs >= (this.delivered[i - 1] as Delivered).timestampNs,
    )
  }
}

describe('An ordered merge of many silent sources', () => {
  it.each([10, 1000])('is held back no longer than by one, although each message reveals the next of %i', (count) => {
    const stage = new Stage(count)
    for (let round = 0; round < 3; round++) {
      for (const source of stage.sources) source.publish(stage.clocks.nowNs++)
    }
    stage.pass(HOLD_BACK_MS - 1)
    // All that the first source shows before the second is known to show something later, and no more.
    expect(stage.delivered.length).toBe(2 * count + 1)
    stage.pass(2)
    expect(stage.delivered.length).toBe(3 * count)
    expect(stage.isInOrder).toBe(true)
    expect(measureMerge(stage.merge)).toMatchObject({ displaced: 0, released: count - 1 })
  })

  it('is held back no longer than by one when all fell silent in the middle of the messages of another', () => {
    const stage = new Stage(11)
    const busy = stage.source(10)
    for (const source of stage.sources) {
      source.publish(stage.clocks.nowNs++)
      busy.publish(stage.clocks.nowNs++)
    }
    stage.pass(HOLD_BACK_MS + 1)
    expect(stage.delivered.length).toBe(22)
    expect(stage.isInOrder).toBe(true)
  })

  it('delays no message of a steady flow longer than that, when each source delivers once in a while and falls silent again', () => {
    const stage = new Stage(50)
    const appendedMs: number[] = []
    for (let i = 0; i < 1000; i++) {
      // Each source has its turn every 500 ms: it is released, delivers once, and is released again.
      stage.source((i * 7) % 50).publish(stage.clocks.nowNs)
      appendedMs.push(stage.nowMs)
      stage.pass(10)
    }
    stage.pass(HOLD_BACK_MS)
    expect(stage.delivered.length).toBe(1000)
    const delaysMs = stage.deliveredMs.map((ms, i) => ms - (appendedMs[i] as number))
    expect(Math.max(...delaysMs)).toBeLessThanOrEqual(HOLD_BACK_MS + 1)
    expect(stage.isInOrder).toBe(true)
    expect(measureMerge(stage.merge).displaced).toBe(0)
  })

  it('delays no message longer than twice that, when promises rise and never reach what was delivered', () => {
    const stage = new Stage(0)
    const lagging = Array.from({ length: 20 }, () => new MemorySource())
    const busy = new MemorySource()
    for (const [i, source] of lagging.entries()) stage.merge.add(`lagging${i}`, source, 5_000n * MS + BigInt(i) * MS)
    stage.merge.add('busy', busy, 0n)
    const appendedMs: number[] = []
    for (let i = 0; i < 1000; i++) {
      for (const source of lagging) source.heartbeat(stage.clocks.nowNs)
      if (i % 10 === 0) {
        busy.append(stage.clocks.nowNs)
        appendedMs.push(stage.nowMs)
      }
      stage.pass(1)
    }
    stage.pass(2 * HOLD_BACK_MS)
    expect(stage.delivered.length).toBe(100)
    expect(Math.max(...stage.deliveredMs.map((ms, i) => ms - (appendedMs[i] as number)))).toBeLessThanOrEqual(2 * HOLD_BACK_MS)
  })

  it('looks at few sources per message, once it waits for them no longer', () => {
    const stage = new Stage(1000)
    for (let round = 0; round < 2; round++) {
      for (const source of stage.sources) source.publish(stage.clocks.nowNs++)
    }
    stage.pass(HOLD_BACK_MS - 1)
    stage.clocks.nowNs += 2n * MS
    take(stage.merge)
    const looks = (): number => stage.sources.reduce((sum, { peekCount }) => sum + peekCount, 0)
    const before = looks()
    for (let i = 0; i < 500; i++) expect(take(stage.merge)).toBeDefined()
    // The source that delivered, the one that is released, and the logarithm of the resting ones.
    expect(looks() - before).toBeLessThanOrEqual(500 * 16)
  })
})

describe('A silent source', () => {
  it('has its whole time after each sign, however much the standstills before it add up to', () => {
    const stage = new Stage(2)
    const [slow, busy] = [stage.source(0), stage.source(1)]
    for (let i = 0; i < 20; i++) {
      busy.append(stage.clocks.nowNs)
      stage.pass(150)
      expect(stage.delivered.length).toBe(i)
      slow.heartbeat(stage.clocks.nowNs)
      stage.pass(1)
      expect(stage.delivered.length).toBe(i + 1)
    }
    expect(measureMerge(stage.merge)).toMatchObject({ released: 0 })
  })

  it('has given a sign when its message is first seen, not when that is delivered', () => {
    const stage = new Stage(3)
    const [first, second, busy] = [stage.source(0), stage.source(1), stage.source(2)]
    first.publish(stage.clocks.nowNs++)
    stage.pass(50)
    second.publish(stage.clocks.nowNs++)
    busy.publish(stage.clocks.nowNs++)
    stage.pass(HOLD_BACK_MS - 51)
    expect(short(stage.delivered)).toBe('s00000')
    stage.pass(1)
    // The first has shown nothing for 200 ms. The second came into sight 50 ms later, so it is waited for 50 ms longer.
    expect(short(stage.delivered)).toBe('s00000 s00010')
    stage.pass(49)
    expect(short(stage.delivered)).toBe('s00000 s00010')
    stage.pass(1)
    expect(short(stage.delivered)).toBe('s00000 s00010 s00020')
  })

  it('that is added, or put back, while the merge stands still for others has its time from then on', () => {
    const stage = new Stage(2)
    stage.source(1).publish(stage.clocks.nowNs)
    stage.pass(HOLD_BACK_MS + 10)
    expect(stage.delivered.length).toBe(1)
    const later = new MemorySource()
    stage.merge.add('later', later, 0n)
    stage.source(1).publish(stage.clocks.nowNs)
    stage.pass(HOLD_BACK_MS - 1)
    expect(stage.delivered.length).toBe(1)
    expect(measureMerge(stage.merge).heldBackBy).toMatchObject({ key: 'later', forMs: HOLD_BACK_MS - 1 })
    stage.pass(1)
    expect(stage.delivered.length).toBe(2)
    later.failure = new Error('gone')
    stage.pass(1)
    expect(stage.merge.failures()).toMatchObject([{ key: 'later' }])
    later.failure = undefined
    expect(stage.merge.retry('later')).toBe(true)
    stage.pass(1)
    stage.source(1).publish(stage.clocks.nowNs)
    stage.pass(1)
    expect(stage.delivered.length).toBe(3)
  })

  it('reports for how long it has held messages back, earlier standstills included', () => {
    const stage = new Stage(3)
    const [first, second, busy] = [stage.source(0), stage.source(1), stage.source(2)]
    second.publish(stage.clocks.nowNs + 1n)
    busy.publish(stage.clocks.nowNs + 2n)
    stage.pass(120)
    first.heartbeat(stage.clocks.nowNs)
    stage.pass(30)
    expect(short(stage.delivered)).toBe('s00010')
    expect(measureMerge(stage.merge).heldBackBy).toMatchObject({ key: 's0001', forMs: 150 })
    stage.pass(50)
    expect(short(stage.delivered)).toBe('s00010 s00020')
  })
})
