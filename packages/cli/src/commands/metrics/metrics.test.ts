import { once } from 'node:events'
import { truncateSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import { WatchedQueues } from '../../queues/watched-queues.js'
import { createMetricsServer } from './metrics-server.js'
import { renderMetrics } from './render-metrics.js'

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
      const [metrics, open, health, ready, other, posted] = await Promise.all([
        fetch(`${url}/metrics`),
        fetch(`${url}/metrics`, { headers: { Accept: 'application/openmetrics-text; version=1.0.0' } }),
        fetch(`${url}/healthz`),
        fetch(`${url}/readyz`),
        fetch(`${url}/`),
        fetch(`${url}/metrics`, { method: 'POST' }),
      ])
      expect([metrics, open, health, ready, other, posted].map(({ status }) => status)).toEqual([200, 200, 200, 200, 404, 405])
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
