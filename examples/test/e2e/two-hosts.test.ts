import { findNatsServer } from '@chronicle-ts/testing'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../queue-fixtures.js'
import { processesWith, runExample } from '../run-example.js'

const SKIPPED = findNatsServer() === undefined ? ' (skipped: nats-server is not installed)' : ''

it.skipIf(SKIPPED !== '')(
  `two hosts survive the server, both bridges and the source's host${SKIPPED}`,
  async () => {
    const root = temporaryFolder()
    const { code, stdout, stderr } = await runExample('two-hosts/main.js', ['--root', root])
    expect(code, stderr).toBe(0)
    const { failover, ...found } = JSON.parse(stdout)
    expect(found).toMatchObject({
      isSound: true,
      kills: [
        { what: 'the NATS server' },
        { what: 'the bridge of host A' },
        { what: 'the bridge of host B' },
        { what: 'host A' },
      ],
      audit: {
        frames: { messages: { a: 9946, b: 9946 }, gaps: 0, differences: 0 },
        notes: { gaps: 0, differences: 0 },
        feed: { messages: 9946, gaps: 0, differs: false },
        // What a strategy sends on this feed that nothing disturbs.
        strategy: {
          orders: { messages: 366 },
          answers: { messages: 366 },
          unanswered: 0,
          strayAnswers: 0,
          duplicateDecisions: 0,
        },
      },
    })
    expect(failover.term).toBeGreaterThan(0)
    expect(failover.framesOfB).toBeGreaterThan(0)
    // Host A died with frames that no stream had.
    expect(failover.framesOfB).toBeLessThan(failover.framesOfA)
    expect(failover.quarantined).toBeGreaterThanOrEqual(failover.notesOfA - failover.notesOfB)
    expect(processesWith(root)).toEqual([])
  },
  180_000,
)
