import { createRequire } from 'node:module'
import { join } from 'node:path'
import { checkoutRoot } from '../checkout-root.js'
import { pollSource } from '../poll-source.js'
import type { Place, Transport } from '../transport.js'

/** The part of the package `node-sqlite3-wasm` that is used. */
interface Sqlite {
  readonly Database: new (path: string) => Database
}

interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

interface Statement {
  run(values: readonly unknown[]): unknown
  all(values: readonly unknown[]): readonly { readonly payload: Uint8Array }[]
  finalize(): void
}

const BATCH = 256

/** SQLite as WebAssembly with a rollback journal, because this build has no shared memory for WAL; receivers poll. Durable: synchronous=FULL. */
export const sqliteTransport: Transport = {
  prepare: (place) => {
    const database = open(place)
    database.exec('CREATE TABLE message (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)')
    database.close()
  },
  openSender: (place) => {
    const database = open(place)
    const insert = database.prepare('INSERT INTO message (payload) VALUES (?)')
    return {
      send: (messages) => {
        retryWhileLocked(() => database.exec('BEGIN IMMEDIATE'))
        for (const message of messages) insert.run([message])
        retryWhileLocked(() => database.exec('COMMIT'))
      },
      close: () => {
        insert.finalize()
        database.close()
      },
    }
  },
  openReceiver: (place) => {
    const database = open(place)
    const select = database.prepare(`SELECT payload FROM message WHERE id > ? ORDER BY id LIMIT ${BATCH}`)
    let last = 0
    const take = () => {
      const rows = retryWhileLocked(() => select.all([last]))
      last += rows.length
      return rows.map(({ payload }) => payload)
    }
    const close = () => {
      select.finalize()
      database.close()
    }
    return { run: (handle) => pollSource(take, handle), close }
  },
}

function open({ folder, topic, durable }: Place): Database {
  const { Database } = createRequire(join(checkoutRoot, 'packages/replay/package.json'))('node-sqlite3-wasm') as Sqlite
  const database = new Database(join(folder, `${topic}.sqlite`))
  retryWhileLocked(() => database.exec(`PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=${durable ? 'FULL' : 'OFF'}`))
  return database
}

/** What this build says while another process holds the lock: it does not wait, and the next use of the statement fails once. */
const LOCKED = /locked|Could not reset statement/

function retryWhileLocked<Result>(work: () => Result): Result {
  for (const end = performance.now() + 10_000; ; pause()) {
    try {
      return work()
    } catch (error) {
      if (!LOCKED.test(String(error)) || performance.now() > end) throw error
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.05)
}
