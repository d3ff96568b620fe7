import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { loadMmapIo, type MmapIo } from '../../mmap-io.js'
import { FRAME_HEADER_LENGTH } from '../framing.js'
import { pollSource } from '../poll-source.js'
import type { Place, Transport } from '../transport.js'

const PAGE_LENGTH = 4096
const BATCH = 256

interface Mapping {
  readonly bytes: Buffer
  /** End of the committed bytes, at offset 0. */
  readonly committed: BigInt64Array
  sync(start: number, end: number): void
}

/** One mapped file with lengths and messages, a position in front, receivers that poll. Checks nothing, recovers nothing. Durable: msync. */
export const mmapIoTransport: Transport = {
  prepare: (place) => {
    const fd = openSync(pathOf(place), 'w+')
    ftruncateSync(fd, mappedLength(place))
    closeSync(fd)
  },
  openSender: (place) => {
    const { bytes, committed, sync } = openMapping(place)
    let end = PAGE_LENGTH
    const send = (messages: readonly Uint8Array[]) => {
      const start = end
      for (const message of messages) {
        bytes.writeUInt32LE(message.length, end)
        bytes.set(message, end + FRAME_HEADER_LENGTH)
        end += FRAME_HEADER_LENGTH + message.length
      }
      if (place.durable) sync(start, end)
      Atomics.store(committed, 0, BigInt(end))
      if (place.durable) sync(0, PAGE_LENGTH)
    }
    return { send, close: () => undefined }
  },
  openReceiver: (place) => {
    const { bytes, committed } = openMapping(place)
    let offset = PAGE_LENGTH
    const take = () => {
      const end = Number(Atomics.load(committed, 0))
      const messages: Buffer[] = []
      while (offset < end && messages.length < BATCH) {
        const start = offset + FRAME_HEADER_LENGTH
        offset = start + bytes.readUInt32LE(offset)
        messages.push(bytes.subarray(start, offset))
      }
      return messages
    }
    return { run: (handle) => pollSource(take, handle), close: () => undefined }
  },
}

function openMapping(place: Place): Mapping {
  const loaded = loadMmapIo()
  if ('missing' in loaded) throw new Error(loaded.missing)
  const mmapIo = loaded.mmapIo as MmapIo & { sync(bytes: Buffer, offset: number, length: number, blocks: boolean): void }
  const fd = openSync(pathOf(place), 'r+')
  const bytes = mmapIo.map(mappedLength(place), mmapIo.PROT_READ | mmapIo.PROT_WRITE, mmapIo.MAP_SHARED, fd)
  closeSync(fd)
  return {
    bytes,
    committed: new BigInt64Array(bytes.buffer, bytes.byteOffset, 1),
    sync: (start, end) => {
      const page = start - (start % PAGE_LENGTH)
      mmapIo.sync(bytes, page, end - page, true)
    },
  }
}

function mappedLength({ bytes }: Place): number {
  return Math.ceil(bytes / PAGE_LENGTH + 2) * PAGE_LENGTH
}

function pathOf({ folder, topic }: Place): string {
  return join(folder, `${topic}.map`)
}
