import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/support/queues.js'
import { readProgress } from './bridge-progress.js'
import { type BridgeReading, ProgressWriter } from './progress-writer.js'

const READING: BridgeReading = {
  role: 'pull',
  name: 'sink',
  queueId: '0'.repeat(32),
  term: 0,
  stream: 'stream',
  nextSequence: 7,
  lag: { messages: 0, bytes: 0, seconds: 0 },
  records: 7,
  bytes: 896,
  failures: 0,
  lastError: undefined,
}

describe('the progress of a bridge', () => {
  it('shows how it ended, also while an earlier report is being written', async () => {
    const directory = temporaryDirectory()
    for (let round = 0; round < 20; round++) {
      await ProgressWriter.during(
        directory,
        () => ({ ...READING, records: round }),
        async () => undefined,
      )
      expect(readProgress(directory)).toMatchObject([{ state: 'ended', records: round, nextSequence: 7, error: null }])
    }
    const broken = ProgressWriter.during(
      directory,
      () => READING,
      () => Promise.reject(new Error('the disk is full')),
    )
    await expect(broken).rejects.toThrow('the disk is full')
    expect(readProgress(directory)).toMatchObject([{ state: 'failed', error: 'the disk is full' }])
  })
})
