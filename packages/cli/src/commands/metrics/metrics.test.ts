import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'
import { renderMetrics } from './metrics-command.js'

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
})
