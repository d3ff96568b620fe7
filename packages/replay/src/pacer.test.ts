import { describe, expect, it } from 'vitest'
import { Pacer } from './pacer.js'

const NS_PER_MS = 1_000_000n

/** A machine whose time moves on request. */
class Machine {
  #nowMs = 0
  #due: { readonly atMs: number; readonly callback: () => void } | undefined
  readonly nowMs = (): number => this.#nowMs
  readonly after = (ms: number, callback: () => void): (() => void) => {
    this.#due = { atMs: this.#nowMs + ms, callback }
    return () => {
      this.#due = undefined
    }
  }

  get sleepMs(): number | undefined {
    return this.#due === undefined ? undefined : this.#due.atMs - this.#nowMs
  }

  advance(ms: number): void {
    this.#nowMs += ms
    if (this.#due !== undefined && this.#due.atMs <= this.#nowMs) this.#due.callback()
  }
}

function paced(speed: number): { readonly pacer: Pacer; readonly machine: Machine } {
  const machine = new Machine()
  const pacer = new Pacer(machine)
  pacer.speed = speed
  return { pacer, machine }
}

describe('the pace of a replay', () => {
  it('keeps moments as far apart as they were, divided by the speed', async () => {
    const { pacer, machine } = paced(10)
    expect(pacer.waitFor(1000n * NS_PER_MS, 1000n * NS_PER_MS)).toBeUndefined()
    const wait = pacer.waitFor(2000n * NS_PER_MS, 1000n * NS_PER_MS)
    expect(machine.sleepMs).toBe(100)
    machine.advance(100)
    await wait
    expect(pacer.waitFor(2000n * NS_PER_MS, 1000n * NS_PER_MS)).toBeUndefined()
  })

  it('catches up after a delay instead of adding it', () => {
    const { pacer, machine } = paced(1)
    expect(pacer.waitFor(0n, 0n)).toBeUndefined()
    machine.advance(100)
    expect(pacer.waitFor(5n * NS_PER_MS, 0n)).toBeUndefined()
    void pacer.waitFor(200n * NS_PER_MS, 5n * NS_PER_MS)
    expect(machine.sleepMs).toBe(100)
  })

  it('waits for nothing at full speed, and never longer than a timer can', () => {
    const { pacer, machine } = paced(Number.POSITIVE_INFINITY)
    expect(pacer.waitFor(9_000_000n * NS_PER_MS, 0n)).toBeUndefined()
    pacer.speed = 1e-6
    void pacer.waitFor(9_000_000n * NS_PER_MS, 0n)
    expect(machine.sleepMs).toBe(2 ** 31 - 1)
  })

  it('counts from the present moment after a change of speed, which ends a wait', async () => {
    const { pacer, machine } = paced(1)
    const wait = pacer.waitFor(1000n * NS_PER_MS, 0n)
    machine.advance(400)
    expect(pacer.isWaiting).toBe(true)
    pacer.speed = 2
    await wait
    void pacer.waitFor(1000n * NS_PER_MS, 0n)
    expect(machine.sleepMs).toBe(500)
  })
})
