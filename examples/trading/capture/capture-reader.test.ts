import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/queue-fixtures.js'
import { CaptureError, CaptureReader } from './capture-reader.js'
import { recordedCapture } from './recorded-capture.js'

let folder: string
beforeEach(() => {
  folder = temporaryFolder()
})

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function readAll(path: string, options = {}) {
  const reader = new CaptureReader(path, options)
  const frames: [bigint, string][] = []
  for await (const frame of reader.frames()) frames.push([frame.timestampNs, Buffer.from(frame.payload).toString()])
  return { frames, counts: reader.counts }
}

const MIXED = [
  'wss://example.org <-> 1618677816.8434298',
  'wss://example.org <- 1618677817.020616: {"type":"subscribe"}',
  '1618677817.061845: {"a":1}',
  '1618677817.061846 {"no":"colon"}',
  '1618677818: not json at all: still carried',
  '1618677819.5: ',
  '',
  '99999999999999.5: {"out":"of range"}',
  '1618677820.000000001:{"no":"space"}',
].join('\n')

describe('CaptureReader', () => {
  it('delivers the frames and counts the other lines', async () => {
    const { frames, counts } = await readAll(file('mixed.txt', MIXED))
    expect(frames).toEqual([
      [1618677817061845000n, '{"a":1}'],
      [1618677818000000000n, 'not json at all: still carried'],
      [1618677820000000001n, '{"no":"space"}'],
    ])
    expect(counts).toMatchObject({ frames: 3, otherLines: 3, malformedLines: 3, oversizeLines: 0, truncated: false })
    expect(counts.contentRead).toBe(MIXED.length + 1)
  })

  it('reads compressed captures of any name', async () => {
    expect(await readAll(file('mixed.txt', gzipSync(MIXED)))).toMatchObject({ counts: { frames: 3 } })
  })

  it('carries a carriage return out of no line', async () => {
    expect((await readAll(file('dos.txt', '1.5: {}\r\n2.5: {}\r\n'))).frames).toEqual([
      [1_500_000_000n, '{}'],
      [2_500_000_000n, '{}'],
    ])
  })

  it('carries frames of several hundred kilobytes and leaves out larger ones than allowed', async () => {
    const large = 'x'.repeat(700_000)
    const path = file('large.txt', `1.5: ${large}\n2.5: ${large}${large}\n3.5: {}\n`)
    const { frames, counts } = await readAll(path, { maxFrameLength: 1_000_000 })
    expect(frames.map(([ns, text]) => [ns, text.length])).toEqual([
      [1_500_000_000n, 700_000],
      [3_500_000_000n, 2],
    ])
    expect(counts.oversizeLines).toBe(1)
  })

  it('delivers what a cut-off compressed capture still holds, and says so', async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `${index}.5: {"n":${Math.sin(index)}}`).join('\n')
    const whole = gzipSync(lines)
    const { frames, counts } = await readAll(file('cut.gz', whole.subarray(0, whole.length >> 1)))
    expect(frames.length).toBeGreaterThan(1000)
    expect(frames.at(-1)).toEqual([
      BigInt(frames.length - 1) * 1_000_000_000n + 500_000_000n,
      `{"n":${Math.sin(frames.length - 1)}}`,
    ])
    expect(counts.truncated).toBe(true)
  })

  it.each(['', '1', '1.5: {}'])('reads a file of nothing but %j', async (content) => {
    expect((await readAll(file('short.txt', content))).counts.frames).toBe(content.includes('{') ? 1 : 0)
  })

  it('reads from a pipe, compressed or not', async () => {
    for (const content of [MIXED, gzipSync(MIXED)]) {
      const pipe = join(folder, 'pipe')
      execFileSync('mkfifo', [pipe])
      const [{ counts }] = await Promise.all([readAll(pipe), writeFile(pipe, content)])
      expect(counts.frames).toBe(3)
      rmSync(pipe)
    }
  })

  it('names the file and the reason when it cannot be read', async () => {
    await expect(readAll(join(folder, 'nothing'))).rejects.toThrow(/nothing: no such file/)
    await expect(readAll(folder)).rejects.toThrow(CaptureError)
    const damaged = gzipSync('1.5: {}\n'.repeat(10_000))
    damaged.fill(0xff, 12, 24)
    await expect(readAll(file('damaged.gz', damaged))).rejects.toThrow(CaptureError)
  })

  it('delivers every frame of the recorded captures in file order', async () => {
    const coinbase = await readAll(recordedCapture('coinbase-2021-04-17.ws.txt.gz'))
    expect(coinbase.counts).toMatchObject({ frames: 9946, otherLines: 6, malformedLines: 0, oversizeLines: 0 })
    expect(coinbase.frames[0]?.[0]).toBe(1618677817061845000n)
    const binance = await readAll(recordedCapture('binance-futures-2021-07-22.ws.txt.gz'))
    expect(binance.counts).toMatchObject({ frames: 1535, otherLines: 1, malformedLines: 0, oversizeLines: 0 })
    expect(binance.frames.every(([, text]) => text.startsWith('{') && text.endsWith('}'))).toBe(true)
  })
})
