import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { encodeFrames, FrameDecoder } from '../framing.js'
import { pollSource } from '../poll-source.js'
import type { Place, Transport } from '../transport.js'

const CHUNK_LENGTH = 65_536

/** A file that one process appends to and others poll. */
export const fileAppendTransport: Transport = {
  prepare: (place) => closeSync(openSync(pathOf(place), 'a')),
  openSender: (place) => {
    const fd = openSync(pathOf(place), 'a')
    return {
      send: (messages) => {
        const bytes = encodeFrames(messages)
        for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset)
        if (place.durable) fdatasyncSync(fd)
      },
      close: () => closeSync(fd),
    }
  },
  openReceiver: (place) => {
    const fd = openSync(pathOf(place), 'r')
    const decoder = new FrameDecoder()
    const take = () => {
      const chunk = Buffer.allocUnsafe(CHUNK_LENGTH)
      return decoder.push(chunk.subarray(0, readSync(fd, chunk, 0, CHUNK_LENGTH, null)))
    }
    return { run: (handle) => pollSource(take, handle), close: () => closeSync(fd) }
  },
}

function pathOf({ folder, topic }: Place): string {
  return join(folder, `${topic}.bin`)
}
