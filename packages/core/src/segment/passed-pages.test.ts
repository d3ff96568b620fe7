import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { verifyQueue } from '@chronicle-ts/inspect'
import { describe, expect, it, vi } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { segmentFileName } from '../format/index.js'
import { type Block, openObserver, openWriter, type QueueWriter } from '../index.js'

const MIB = 1024 * 1024
const BLOCK_BYTES = 128 * 1024
/** More than a step and the block in use. */
const FEW_BYTES = 6 * MIB
const newQueue = (): string => join(temporaryDirectory(), 'queue')

/** Bytes of a queue's segments that this process has mapped and touched. */
function residentBytes(directory: string): number {
  const prefix = `${realpathSync(directory)}/`
  let isOurs = false
  let kilobytes = 0
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isOurs = line.includes(prefix) && line.endsWith('.q')
    else if (isOurs && line.startsWith('Rss:')) kilobytes += Number(line.split(/\s+/)[1])
  }
  return kilobytes * 1024
}

/** A queue of this many mebibytes in one segment, closed. Its writer unmaps the segment in the background. */
async function fullQueue(mebibytes: number): Promise<string> {
  const directory = newQueue()
  const writer = openWriter(directory, { segmentSize: 64 * MIB })
  for (let index = 0; index < mebibytes; index++)
    writer.appendBatch(Array.from({ length: 16 }, () => ({ typeId: 1, payload: Buffer.alloc(65_536 - 64, index) })))
  writer.close()
  await vi.waitFor(() => expect(residentBytes(directory)).toBe(0), { timeout: 60_000 })
  return directory
}

function* blocksOf(directory: string): Generator<Block> {
  using observer = openObserver(directory)
  for (let block = observer.nextBlock(BLOCK_BYTES); block !== undefined; block = observer.nextBlock(BLOCK_BYTES)) yield block
}

/** @returns the most that was resident */
function copy(from: string, to: { readonly directory: string; readonly writer: QueueWriter; readonly flushes: boolean }): number {
  let most = 0
  for (const { bytes } of blocksOf(from)) {
    to.writer.appendBlock(bytes)
    if (to.flushes) to.writer.flushSync()
    if (to.writer.nextSequence % 16 === 0) most = Math.max(most, residentBytes(to.directory))
  }
  return most
}

describe('pages that blocks have passed', () => {
  it('are given back by a reader, and stay readable in blocks that are held', async () => {
    const directory = await fullQueue(24)
    const held: Block[] = []
    let most = 0
    for (const block of blocksOf(directory)) {
      held.push(block)
      if (block.firstSequence % 16 === 0) most = Math.max(most, residentBytes(directory))
    }
    expect(most).toBeLessThan(FEW_BYTES)
    const file = readFileSync(join(directory, segmentFileName(0)))
    expect(held.length).toBeGreaterThan(24)
    for (const { bytes, offset } of held) expect(bytes.equals(file.subarray(offset, offset + bytes.length))).toBe(true)
  })

  it('are given back by a writer once they are durable, and are in the queue', async () => {
    const from = await fullQueue(24)
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 64 * MIB, prefault: false })
    expect(copy(from, { directory, writer, flushes: true })).toBeLessThan(FEW_BYTES)
    writer.append(1, Buffer.from('after it'))
    expect(writer.nextSequence).toBe(24 * 16 + 1)
    writer.close()
    expect(verifyQueue(directory).problems).toEqual([])
    const [source, replica] = [from, directory].map((path) => [...blocksOf(path)].reduce((sum, { count }) => sum + count, 0))
    expect(replica).toBe((source ?? 0) + 1)
  })

  it('stay with a writer that has not made them durable: a sync that fails writes them once more', async () => {
    const from = await fullQueue(12)
    const directory = newQueue()
    using writer = openWriter(directory, { segmentSize: 64 * MIB, prefault: false })
    expect(copy(from, { directory, writer, flushes: false })).toBeGreaterThan(12 * MIB)
  })
})
