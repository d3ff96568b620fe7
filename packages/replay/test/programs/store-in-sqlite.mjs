// Stores each message of a queue in a database exactly once: node store-in-sqlite.mjs <queue> <database>. The recipe of docs/replay.md.
import { rmSync } from 'node:fs'
import { openReader } from '@chronicle-ts/core'
import sqlite from 'node-sqlite3-wasm'

const [queue = '', path = ''] = process.argv.slice(2)

// This build of SQLite locks by a directory, which a process that was killed leaves. The reader's name is the lock that counts here: a second process does not get it.
const reader = openReader(queue, 'database')
rmSync(`${path}.lock`, { recursive: true, force: true })
const database = new sqlite.Database(path)
database.exec('create table if not exists trades (sequence integer primary key, text text)')
database.exec('create table if not exists position (id integer primary key check (id = 1), segmentId integer, offset integer)')

const saved = database.get('select segmentId, offset from position')
if (saved) reader.seek({ segmentId: Number(saved.segmentId), offset: Number(saved.offset) })

for (let message = reader.next(); message !== undefined; message = reader.next()) {
  const { segmentId, offset } = reader.position
  database.exec('begin immediate')
  database.run('insert into trades values (?, ?)', [message.sequence, message.payload.toString()])
  database.run('insert or replace into position values (1, ?, ?)', [segmentId, offset])
  database.exec('commit')
  // For retention: the database decides where to continue.
  reader.commit()
}
database.close()
reader.close()
