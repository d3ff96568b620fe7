import { once } from 'node:events'
import { truncateSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { STATES } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import { WatchedQueues } from '../../queues/watched-queues.js'
import { createMetricsServer } from './metrics-server.js'
import { renderMetrics } from './render-metrics.js'
import { RUNBOOK_ANCHORS } from './runbook.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli metrics', () => {
  it('prints one reading in the Prometheus text format, and changes nothing', async () => {
    const queue = folder.copyGolden('rolled')
    const before = fingerprint(queue)
    const { exitCode, stdout } = runCli(['metrics', queue])
    expect(exitCode).toBe(0)
    expect(fingerprint(queue)).toEqual(before)
    await expect(folder.normalise(stdout)).toMatchFileSnapshot('../../../test/golden/metrics-rolled.txt')
  })

  it('covers every queue of a root', () => {
    for (const name of ['rolled', 'killed']) folder.copyGolden(name)
    const { stdout } = runCli(['metrics', folder.path])
    expect(stdout.match(/^chronicle_queue_up\{/gm)).toHaveLength(2)
    expect(stdout.match(/^# TYPE chronicle_queue_up /gm)).toHaveLength(1)
  })

  it('counts the directories that it could not search, in which queues may be', async () => {
    folder.copyGolden('rolled')
    const watched = new WatchedQueues(folder.path)
    const server = createMetricsServer(folder.path, { look: () => ({ ...watched.look(), unlisted: [folder.join('closed')] }) })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`
      expect(await (await fetch(url)).text()).toMatch(/^chronicle_unreadable_directories 1$/m)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('escapes what labels cannot hold', () => {
    const lines = renderMetrics([{ name: 'chronicle_queue_up', labels: { queue: 'a"b\\c\nd' }, value: 1 }])
    expect(lines.at(-1)).toBe('chronicle_queue_up{queue="a\\"b\\\\c\\nd"} 1')
  })

  it('serves readings and probes over HTTP, with one look for scrapes that come together', async () => {
    folder.copyGolden('rolled')
    const watched = new WatchedQueues(folder.path)
    let looks = 0
    const source = {
      look: () => {
        looks += 1
        return watched.look()
      },
    }
    let nowMs = 0
    const server = createMetricsServer(folder.path, source, () => nowMs)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const [metrics, open, health, ready, runbook, other, posted] = await Promise.all([
        fetch(`${url}/metrics`),
        fetch(`${url}/metrics`, { headers: { Accept: 'application/openmetrics-text; version=1.0.0' } }),
        fetch(`${url}/healthz`),
        fetch(`${url}/readyz`),
        fetch(`${url}/runbook`),
        fetch(`${url}/`),
        fetch(`${url}/metrics`, { method: 'POST' }),
      ])
      expect([metrics, open, health, ready, runbook].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
      expect([other, posted].map(({ status }) => status)).toEqual([404, 405])
      const page = await runbook.text()
      for (const anchor of RUNBOOK_ANCHORS) expect(page).toContain(`<h2 id="${anchor}">`)
      expect(page).toContain(STATES.WRITER_BLOCKED[3])
      expect(await metrics.text()).toContain('chronicle_queue_messages_total{queue="rolled"} 60')
      expect((await open.text()).endsWith('# EOF\n')).toBe(true)
      expect(looks).toBe(1)
      truncateSync(folder.join('rolled/control.meta'), 10)
      nowMs += 1000
      expect((await fetch(`${url}/readyz`)).status).toBe(503)
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('chronicle_queue_up{queue="rolled"} 0')
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
})
