import { openObserver, openWriter } from '@chronicle-ts/core'
import { describe, expect, it } from 'vitest'
import { recordedQueue } from '../test/support/queues.js'
import { openReplay, type Replay, type ReplayHandler } from './index.js'

const MS = 1_000_000

/** Notes what happens, in short: key and sequence of a message, and the time in milliseconds. */
class Log {
  readonly lines: string[] = []
  readonly handler: ReplayHandler = ({ key, message }) => this.add(`${key}${message.sequence}`)
  constructor(readonly replay: () => Replay) {}

  add(what: string): void {
    this.lines.push(`${what}@${Number(this.replay().clock.nowNs()) / MS}`)
  }

  take(): string[] {
    return this.lines.splice(0)
  }
}

const times = (...ms: number[]): string => recordedQueue(ms.map((time) => time * MS))

const code = (name: string): unknown => expect.objectContaining({ code: name })

describe('a replay', () => {
  it('merges by time, then key, then sequence, and shows the time of the message', async () => {
    using replay = openReplay({ sources: { b: times(10, 20, 20), a: times(20, 30) } })
    const log = new Log(() => replay)
    expect(replay.clock.nowNs()).toBe(BigInt(10 * MS))
    expect(await replay.run(log.handler)).toBe(5)
    expect(log.take()).toEqual(['b0@10', 'a0@20', 'b1@20', 'b2@20', 'a1@30'])
    expect(replay.ended).toBe(true)
  })

  it('never lets the time go back, and keeps the order of each queue', async () => {
    using replay = openReplay({ sources: { a: times(10, 5, 12), b: times(11) } })
    const log = new Log(() => replay)
    await replay.run(log.handler)
    expect(log.take()).toEqual(['a0@10', 'a1@10', 'b0@11', 'a2@12'])
  })

  it('fires timers between messages, after the messages of the same time, in the order in which they were set', async () => {
    using replay = openReplay({ sources: { q: times(10, 20, 20, 30) } })
    const log = new Log(() => replay)
    replay.clock.setTimer(10, () => log.add('first'))
    replay.clock.setTimer(10, () => {
      log.add('second')
      replay.clock.setTimer(0, () => log.add('now'))
      replay.clock.setTimer(1.5, () => log.add('later'))
    })
    replay.clock.setTimer(5, () => log.add('early'))
    const cancelled = replay.clock.setTimer(6, () => log.add('cancelled'))
    expect([cancelled.cancel(), cancelled.cancel()]).toEqual([true, false])
    await replay.run(log.handler)
    expect(log.take()).toEqual(['q0@10', 'early@15', 'q1@20', 'q2@20', 'first@20', 'second@20', 'now@20', 'later@21.5', 'q3@30'])
  })

  it('fires timers beyond the data only up to a time that its argument names', async () => {
    using replay = openReplay({ sources: { q: times(10, 20) } })
    const log = new Log(() => replay)
    for (const ms of [5, 10, 15, 40]) replay.clock.setTimer(ms, () => log.add(`t${ms}`))
    await replay.run(log.handler)
    expect(log.take()).toEqual(['q0@10', 't5@15', 'q1@20', 't10@20'])
    await replay.until({ timestampNs: BigInt(30 * MS) })
    expect(log.take()).toEqual(['t15@25'])
    expect(replay.clock.nowNs()).toBe(BigInt(30 * MS))
    await replay.until({ timestampNs: BigInt(50 * MS) })
    expect(log.take()).toEqual(['t40@50'])
  })

  it('goes by steps, then up to a time, then to the end, each time where it stood', async () => {
    using replay = openReplay({ sources: { q: times(10, 20, 30, 40, 50) }, speed: 1e-6 })
    const log = new Log(() => replay)
    replay.clock.setTimer(15, () => log.add('timer'))
    expect(await replay.step(2, log.handler)).toBe(2)
    expect(log.take()).toEqual(['q0@10', 'q1@20'])
    replay.speed = Number.POSITIVE_INFINITY
    expect(await replay.until({ timestampNs: BigInt(40 * MS) })).toBe(2)
    expect(log.take()).toEqual(['timer@25', 'q2@30', 'q3@40'])
    expect(await replay.run()).toBe(1)
    expect([await replay.run(), await replay.step(3)]).toEqual([0, 0])
    expect(log.take()).toEqual(['q4@50'])
  })

  it('awaits what a handler returns before time moves', async () => {
    using replay = openReplay({ sources: { q: times(10, 20) } })
    const log = new Log(() => replay)
    await replay.run(async ({ message }) => {
      log.add(`begin ${message.sequence}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
      log.add(`end ${message.sequence}`)
    })
    expect(log.take()).toEqual(['begin 0@10', 'end 0@10', 'begin 1@20', 'end 1@20'])
  })

  it('lets time move while handlers sleep on its clock', async () => {
    using replay = openReplay({ sources: { q: times(10, 20, 30, 40) } })
    const log = new Log(() => replay)
    const { clock } = replay
    await replay.run(async ({ message }) => {
      const { sequence } = message
      log.add(`begin ${sequence}`)
      await Promise.all([clock.sleep(5), clock.sleep(15)])
      log.add(`middle ${sequence}`)
      await clock.sleep(0)
      log.add(`end ${sequence}`)
    })
    expect(log.take()).toEqual([
      'begin 0@10',
      'begin 1@20',
      'middle 0@25',
      'end 0@25',
      'begin 2@30',
      'middle 1@35',
      'end 1@35',
      'begin 3@40',
    ])
    await replay.until({ timestampNs: BigInt(100 * MS) })
    expect(log.take()).toEqual(['middle 2@45', 'end 2@45', 'middle 3@55', 'end 3@55'])
  })

  it('delivers a sleep outside of handlers in time, too', async () => {
    using replay = openReplay({ sources: { q: times(10, 20) } })
    const log = new Log(() => replay)
    void replay.clock.sleep(4).then(() => log.add('slept'))
    await replay.run(log.handler)
    expect(log.take()).toEqual(['q0@10', 'slept@14', 'q1@20'])
  })

  it.each([
    [
      'a handler that throws',
      () => {
        throw new Error('stop')
      },
    ],
    [
      'a handler that rejects',
      async () => {
        throw new Error('stop')
      },
    ],
  ])('ends with the error of %s, and goes on with the next message', async (_, fail) => {
    using replay = openReplay({ sources: { q: times(10, 20, 30) } })
    const log = new Log(() => replay)
    await replay.step(1, log.handler)
    await expect(replay.run(fail)).rejects.toThrow('stop')
    await replay.run(log.handler)
    expect(log.take()).toEqual(['q0@10', 'q2@30'])
  })

  it('ends with the error of a timer and of a handler that slept', async () => {
    using replay = openReplay({ sources: { q: times(10, 20, 30) } })
    replay.clock.setTimer(1, () => {
      throw new Error('timer')
    })
    await expect(replay.run(() => undefined)).rejects.toThrow('timer')
    await expect(
      replay.run(async () => {
        await replay.clock.sleep(1)
        throw new Error('slept')
      }),
    ).rejects.toThrow('slept')
    expect(replay.messages).toBe(2)
  })

  it('pauses, also out of a handler, and continues', async () => {
    using replay = openReplay({ sources: { q: times(10, 20, 30) } })
    const log = new Log(() => replay)
    expect(
      await replay.run((delivery) => {
        log.handler(delivery)
        if (delivery.message.sequence === 1) replay.pause()
      }),
    ).toBe(2)
    expect(await replay.run(log.handler)).toBe(1)
    expect(log.take()).toEqual(['q0@10', 'q1@20', 'q2@30'])
  })

  it('ends at once when it is paused, closed or aborted while it waits for its pace', async () => {
    const directory = times(10, 1_000_000)
    const controller = new AbortController()
    for (const end of ['pause', 'close', 'abort'] as const) {
      using replay = openReplay({ sources: { q: directory }, speed: 1, signal: controller.signal })
      const first = new Promise<void>((resolve) => {
        void replay.step(1, () => undefined).then(() => resolve())
      })
      await first
      const running = replay.run()
      await new Promise((resolve) => setTimeout(resolve, 5))
      if (end === 'abort') controller.abort()
      else replay[end]()
      expect(await running).toBe(0)
    }
  })

  it('takes a new speed and a new timer at once, also while it waits', async () => {
    using replay = openReplay({ sources: { q: times(10, 1_000_000) }, speed: 1 })
    const log = new Log(() => replay)
    await replay.step(1, log.handler)
    const running = replay.run()
    await new Promise((resolve) => setTimeout(resolve, 5))
    replay.clock.setTimer(20, () => {
      log.add('timer')
      replay.speed = Number.POSITIVE_INFINITY
    })
    expect(await running).toBe(1)
    expect(log.take()).toEqual(['q0@10', 'timer@30', 'q1@1000000'])
  })

  it('ends where the queues ended when it was opened', async () => {
    const directory = times(10, 20)
    using replay = openReplay({ sources: { q: directory, empty: times() } })
    using writer = openWriter(directory)
    writer.append(1, Buffer.from('late'), { timestampNs: 1n })
    const log = new Log(() => replay)
    await replay.run((delivery) => {
      log.handler(delivery)
      writer.append(1, Buffer.from('late'), { timestampNs: BigInt(15 * MS) })
    })
    expect(log.take()).toEqual(['q0@10', 'q1@20'])
  })

  it('begins at a time or sequence, or where a source of the caller stands, and leaves that source open', async () => {
    const directory = times(10, 20, 30)
    using at = openReplay({ sources: { q: directory }, from: { timestampNs: BigInt(15 * MS) } })
    expect(at.clock.nowNs()).toBe(BigInt(20 * MS))
    const log = new Log(() => at)
    await at.run(log.handler)
    expect(log.take()).toEqual(['q1@20', 'q2@30'])
    using observer = openObserver(directory, { start: { sequence: 2 } })
    const replay = openReplay({ sources: { q: observer } })
    expect(await replay.run(() => undefined)).toBe(1)
    replay.close()
    expect(observer.closed).toBe(false)
    for (const from of [{ timestampNs: 77_000_000n }, { time: 77_000_000n }, { time: 77 }, { time: new Date(77) }]) {
      using empty = openReplay({ sources: { q: times() }, from })
      expect(await empty.run(() => undefined)).toBe(0)
      expect(empty.clock.nowNs()).toBe(77_000_000n)
    }
  })

  it('refuses what it cannot use, two calls at once, and calls after close', async () => {
    const directory = times(10)
    for (const options of [
      { speed: 0 },
      { speed: Number.NaN },
      { handler: 7 },
      { sources: 7 },
      { sources: { q: null } },
      { from: 'nowhere' },
    ]) {
      expect(() => openReplay({ sources: { q: directory }, ...(options as object) })).toThrow(code('ERR_INVALID_ARGUMENT'))
    }
    expect(() => openReplay({ sources: { q: `${directory}-none` } })).toThrow(code('ERR_NOT_FOUND'))
    const replay = openReplay({ sources: { q: directory } })
    expect(() => replay.run()).toThrow(code('ERR_INVALID_ARGUMENT'))
    expect(() => replay.step(-1)).toThrow(code('ERR_INVALID_ARGUMENT'))
    expect(() => replay.until({ timestampNs: -1n })).toThrow(code('ERR_INVALID_ARGUMENT'))
    for (const delayMs of [Number.NaN, -1, Number.POSITIVE_INFINITY, Number.MAX_VALUE])
      expect(() => replay.clock.setTimer(delayMs, () => undefined)).toThrow(code('ERR_INVALID_ARGUMENT'))
    await replay.run(() => expect(() => replay.run()).toThrow(code('ERR_BUSY')))
    replay.close()
    replay.close()
    expect(() => replay.run()).toThrow(code('ERR_CLOSED'))
  })
})
