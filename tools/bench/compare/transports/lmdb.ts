import { join } from 'node:path'
import { requirePeer } from '../install-peers.js'
import { pollSource } from '../poll-source.js'
import type { Place, Transport } from '../transport.js'

const BATCH = 256

/** The part of the package `lmdb` that is used. */
interface Lmdb {
  open(options: object): Database
}

interface Database {
  putSync(key: number, value: Uint8Array): void
  transactionSync(work: () => void): void
  getRange(options: object): Iterable<{ readonly key: number; readonly value: Buffer }>
  resetReadTxn(): void
  close(): Promise<void>
}

/** LMDB with a number as key; receivers poll. Durable: a synced transaction; else noSync. */
export const lmdbTransport: Transport = {
  prepare: (place) => open(place).close(),
  openSender: (place) => {
    const database = open(place)
    let key = 0
    return {
      send: (messages) =>
        database.transactionSync(() => {
          for (const message of messages) database.putSync(key++, message)
        }),
      close: () => database.close(),
    }
  },
  openReceiver: (place) => {
    const database = open(place)
    let next = 0
    const take = () => {
      database.resetReadTxn()
      const messages = [...database.getRange({ start: next, limit: BATCH })].map(({ value }) => value)
      next += messages.length
      return messages
    }
    return { run: (handle) => pollSource(take, handle), close: () => database.close() }
  },
}

function open({ folder, topic, durable, bytes }: Place): Database {
  const { open: openDatabase } = requirePeer<Lmdb>('lmdb')
  const mapSize = Math.ceil((bytes * 8 + 2 ** 26) / 4096) * 4096
  const path = join(folder, `${topic}.lmdb`)
  return openDatabase({ path, noSync: !durable, overlappingSync: false, encoding: 'binary', keyEncoding: 'uint32', mapSize })
}
