import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BusLayout } from '@chronicle-ts/bus'
import { beforeEach, describe, expect, it } from 'vitest'
import { sample } from '../../../tools/evidence/effort/effort.mjs'
import { recordedCapture } from '../../trading/capture/recorded-capture.js'
import type { DemoSummary } from '../../trading/demo/demo-summary.js'
import { FeedWriter } from '../../trading/feed/feed-writer.js'
import { messagesOf, temporaryFolder } from '../queue-fixtures.js'
import { processesWith, runExample, startExample, until } from '../run-example.js'

const PROGRAM = 'trading/demo/main.js'
const CAPTURE = recordedCapture('coinbase-2021-04-17.ws.txt.gz')

let folder: string
let root: string
beforeEach(() => {
  folder = temporaryFolder()
  root = join(folder, 'root')
})

function input(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}

/** Runs the demo to its end and reads its summary. */
async function play(...args: string[]): Promise<{ code: number | null; summary: DemoSummary; stderr: string }> {
  const { code, stdout, stderr } = await runExample(PROGRAM, ['--root', root, '--json', ...args])
  if (stdout === '') throw new Error(`No summary: ${stderr}`)
  return { code, summary: JSON.parse(stdout), stderr }
}

function payloadsOf(venue: string): { text: string; timestampNs: bigint }[] {
  return messagesOf(new BusLayout(root).feed(venue).directory, ({ payload, timestampNs }) => ({
    text: payload.toString(),
    timestampNs,
  }))
}

describe('npm run demo', () => {
  it('loses nothing and answers every order once, although a strategy is killed in the middle', async () => {
    const { code, summary, stderr } = await play('--speed', '20')
    expect(stderr).toMatch(/strategy-2 was killed with SIGKILL/)
    expect(code).toBe(0)
    expect(summary).toMatchObject({ sequenceGaps: 0, unansweredOrders: 0, inconsistencies: 0, kill: { strategy: 'strategy-2' } })
    expect(summary.feeds.map(({ messages }) => messages)).toEqual([9946, 1535])
    const [first, second] = summary.strategies
    // A strategy's orders depend on the market data alone: the one that was killed sent what it would have sent.
    expect(first).toMatchObject({ orders: { messages: 431 }, answers: { messages: 431 }, acks: 292, fills: 139 })
    expect(second).toMatchObject({ orders: { messages: 393 }, answers: { messages: 393 }, acks: 271, fills: 122 })
    expect(summary.processes.map(({ name, messages }) => [name, messages])).toEqual([
      ['feed coinbase', 9946],
      ['feed binance-futures', 1535],
      ['strategy-1', 11_481],
      ['strategy-2', 11_481],
      ['router', 824],
    ])
    // The recorded feeds, replayed, make the same bytes: of the strategy that was killed, too.
    expect(summary.replays).toMatchObject([
      { strategy: 'strategy-1', orders: 431, replayed: 431, differences: 0 },
      { strategy: 'strategy-2', orders: 393, replayed: 393, differences: 0 },
    ])
    expect(summary.replayDifferences).toBe(0)
    expect(summary.latencies.every(({ count, p50Ns, maxNs }) => count === 0 || (p50Ns > 0 && maxNs >= p50Ns))).toBe(true)
    expect(processesWith(root)).toEqual([])
  })

  it('carries frames of any exchange, unchanged and with the recorded times', async () => {
    const file = input('kraken-2024-01-01.txt', [
      'wss://ws.kraken.example/v2',
      '1704067200.000000001: {"channel":"trade","type":"update"}',
      '1704067200.25: not even json',
      '1704067199.5 broken',
      `1704067200.5: ${'x'.repeat(400_000)}`,
    ])
    const { code, summary } = await play('--input', file, '--speed', 'max', '--strategies', '1')
    expect(code).toBe(0)
    expect(summary.feeds).toMatchObject([{ messages: 3, gaps: 0 }])
    expect(summary.notes.join('\n')).toMatch(/1 that are not frames .*, 1 malformed/)
    expect(summary.notes.join('\n')).toMatch(/strategy-1 was shown 3 frames/)
    expect(payloadsOf('kraken').map(({ text, timestampNs }) => [text.slice(0, 12), text.length, timestampNs])).toEqual([
      ['{"channel":"', 35, 1_704_067_200_000_000_001n],
      ['not even jso', 13, 1_704_067_200_250_000_000n],
      ['xxxxxxxxxxxx', 400_000, 1_704_067_200_500_000_000n],
    ])
  })

  it('goes on with the queues of an earlier run', async () => {
    const trade = (second: number, price: number) =>
      `${second}: {"e":"bookTicker","s":"X","b":"${price}","B":"1","a":"${price + 1}","A":"9"}`
    const file = input(
      'x.txt',
      Array.from({ length: 40 }, (_, index) => trade(1_700_000_000 + index, 100 + (index % 5) * (index % 3))),
    )
    const first = await play('--input', file, '--speed', 'max')
    const second = await play('--input', file, '--speed', 'max')
    expect(first.code).toBe(0)
    expect(second.code).toBe(0)
    const ordersOf = ({ summary }: typeof first, index: number) => summary.strategies[index]?.orders.messages ?? 0
    expect(ordersOf(first, 0)).toBeGreaterThan(0)
    expect(ordersOf(second, 0)).toBeGreaterThan(ordersOf(first, 0))
    expect(second.summary).toMatchObject({ sequenceGaps: 0, unansweredOrders: 0, inconsistencies: 0, feeds: [{ messages: 80 }] })
    expect([first, second].flatMap(({ summary }) => summary.replays.map(({ differences }) => differences))).toEqual([0, 0, 0, 0])
    expect(second.summary.processes.find(({ name }) => name === 'strategy-1')).toMatchObject({ messages: 40 })
  })

  it('says which process failed and why, and ends all others', async () => {
    const writer = new FeedWriter(new BusLayout(root), 'coinbase')
    try {
      const { code, stdout, stderr } = await runExample(PROGRAM, ['--root', root])
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toMatch(/feed coinbase ended \(exit code 1\): .*writer/)
      expect(stderr).not.toMatch(/ at .*\.js/)
    } finally {
      writer.close()
    }
    expect(processesWith(root)).toEqual([])
  })

  const REFUSED: [string[], RegExp][] = [
    [['--speed', 'fast'], /--speed is a number above 0, or max: fast/],
    [['--input', '/does/not/exist'], /No such file: \/does\/not\/exist/],
    [['--input', import.meta.filename], /no line is a frame/],
  ]
  it.each(sample(REFUSED, { short: 1 }))('refuses %j in one line', async (args, message) => {
    const { code, stderr } = await runExample(PROGRAM, ['--root', root, ...args])
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/ at .*\.js/)
  })

  it('prints how it is used', async () => {
    const { code, stdout } = await runExample(PROGRAM, ['--help'])
    expect(code).toBe(0)
    for (const option of ['--input', '--speed', '--strategies', '--root', '--keep', '--live']) expect(stdout).toContain(option)
  })
})

/** Half a minute at this speed, unless it is interrupted. */
const FEW_PROCESSES = ['--speed', '1', '--strategies', '1', '--input', CAPTURE]

describe('an interrupted demo', () => {
  it.each(sample(['SIGINT', 'SIGTERM', 'SIGHUP'] as const, { short: 1 }))(
    'stops every process on %s and removes its folder',
    async (signal) => {
      const demo = startExample(PROGRAM, FEW_PROCESSES, { TMPDIR: folder })
      await until(() => /messages/.test(demo.output.stderr))
      expect(readdirSync(folder)).toHaveLength(1)
      demo.kill(signal)
      const { code, stderr } = await demo.ended
      expect(code).toBe(130)
      expect(stderr).toMatch(/Interrupted: all processes are stopped/)
      expect(processesWith(folder)).toEqual([])
      expect(readdirSync(folder)).toEqual([])
    },
  )

  it('leaves no process when it is killed itself', async () => {
    const demo = startExample(PROGRAM, ['--root', root, ...FEW_PROCESSES])
    await until(() => /messages/.test(demo.output.stderr))
    demo.kill('SIGKILL')
    await demo.ended
    await until(() => processesWith(root).length === 0)
    expect(processesWith(root)).toEqual([])
  })
})
