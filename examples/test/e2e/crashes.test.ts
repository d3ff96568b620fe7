import { BusLayout } from '@chronicle-ts/bus'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { amount } from '../../../tools/evidence/effort/effort.mjs'
import { recordedCapture } from '../../trading/capture/recorded-capture.js'
import { auditFeed, auditStrategy } from '../../trading/demo/audit.js'
import { Program } from '../../trading/demo/program.js'
import type { FeedState, RouterState, StrategyState } from '../../trading/process/program-state.js'
import { temporaryFolder } from '../queue-fixtures.js'
import { until } from '../run-example.js'

const KILLS = amount({ short: 3, long: 8 })
/** Reads most of 31 seconds in about six, or in three: long enough for all kills. */
const SPEED = amount({ short: 10, long: 5 })
const MAX_LIFE_MS = 500

let root: string
const running = new Set<Program>()
beforeEach(() => {
  root = temporaryFolder()
})
afterEach(async () => {
  for (const program of running) program.kill('SIGKILL')
  await Promise.all([...running].map(({ ended }) => ended))
  running.clear()
})

function start<State>(folder: string, args: readonly string[]): Program<State> {
  const main = new URL(`../../dist/trading/${folder}/main.js`, import.meta.url)
  const program = new Program<State>(folder, main, ['--root', root, ...args])
  running.add(program)
  program.send('start')
  return program
}

/** Runs a program, kills it at random instants and starts it again; the last life is left alone. */
async function liveManyLives<State>(begin: () => Program<State>): Promise<Program<State>> {
  for (let kill = 0; kill < KILLS; kill++) {
    const program = begin()
    if (kill % 2 === 0) await until(() => program.report !== undefined || program.end !== undefined)
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MAX_LIFE_MS))
    program.kill('SIGKILL')
    expect(await program.ended).toEqual({ code: null, signal: 'SIGKILL' })
    running.delete(program)
  }
  return begin()
}

async function drain(program: Program): Promise<void> {
  program.send('drain')
  expect(await program.ended, program.stderr).toEqual({ code: 0, signal: null })
}

it('strategy and router lose no order and answer none twice, whenever they are killed', async () => {
  const capture = recordedCapture('coinbase-2021-04-17.ws.txt.gz')
  const feed = start<FeedState>('feed', ['--venue', 'coinbase', '--speed', String(SPEED), capture])
  const [strategy, router] = await Promise.all([
    liveManyLives(() => start<StrategyState>('strategy', ['--name', 'alpha', '--feed', 'coinbase', '--span', '3'])),
    liveManyLives(() => start<RouterState>('router', [])),
  ])
  expect(await feed.ended, feed.stderr).toEqual({ code: 0, signal: null })
  await drain(strategy)
  await drain(router)
  const layout = new BusLayout(root)
  expect(auditFeed(layout, 'coinbase')).toMatchObject({ messages: 9946, gaps: 0 })
  expect(auditStrategy(layout, 'alpha')).toMatchObject({
    // What a strategy that is not killed sends on this feed.
    orders: { messages: 366, gaps: 0 },
    answers: { messages: 366, gaps: 0 },
    unanswered: 0,
    strayAnswers: 0,
    badOrderIds: 0,
    duplicateDecisions: 0,
  })
  expect(strategy.state).toMatchObject({ gaps: 0 })
  expect(router.state).toMatchObject({ gaps: 0, malformed: 0 })
})

it('a strategy that leaves in good order has its last orders answered', async () => {
  const capture = recordedCapture('coinbase-2021-04-17.ws.txt.gz')
  const feed = start<FeedState>('feed', ['--venue', 'coinbase', '--speed', 'max', capture])
  await feed.ended
  const strategy = start<StrategyState>('strategy', ['--name', 'alpha', '--feed', 'coinbase', '--span', '3'])
  await until(() => strategy.state?.orders === 366)
  // No answer has come yet; asked to stop, it goes without waiting for that and takes READY away.
  strategy.kill('SIGTERM')
  await strategy.ended
  const again = start<StrategyState>('strategy', ['--name', 'alpha', '--feed', 'coinbase', '--span', '3'])
  const router = start<RouterState>('router', [])
  await until(() => router.state?.orders === 366)
  again.kill('SIGTERM')
  await again.ended
  await drain(router)
  expect(auditStrategy(new BusLayout(root), 'alpha')).toMatchObject({ orders: { messages: 366 }, unanswered: 0, strayAnswers: 0 })
})
