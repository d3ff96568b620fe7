import { rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import sqlite from 'node-sqlite3-wasm'
import { expect, it, onTestFinished } from 'vitest'
import { amount } from '../../../../tools/evidence/effort/effort.mjs'
import { Child, killedAgainAndAgain } from '../support/child.js'
import { temporaryDirectory } from '../support/queues.js'

const MESSAGES = 400
const KILLS = amount({ short: 1, long: 3, full: 60 })
const EXPECTED = Array.from({ length: MESSAGES }, (_, sequence) => ({ sequence, text: `trade ${sequence}` }))

function tradeQueue(): string {
  const queue = join(temporaryDirectory(), 'trades')
  using writer = openWriter(queue, { segmentSize: 65536 })
  for (const { text } of EXPECTED) writer.append(1, Buffer.from(text))
  return queue
}

it('a database that stores the position with the effect has each message once, however often its program is killed', async () => {
  const queue = tradeQueue()
  const path = join(temporaryDirectory(), 'trades.db')
  await killedAgainAndAgain(() => new Child('store-in-sqlite', [queue, path]), {
    kills: KILLS,
    total: MESSAGES,
    // The size of the database: asking it would lock out its program.
    progress: () => ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 12_288) * (MESSAGES / 2),
  })
  rmSync(`${path}.lock`, { recursive: true, force: true })
  const database = new sqlite.Database(path, { readOnly: true })
  expect(database.all('select sequence, text from trades order by sequence')).toEqual(EXPECTED)
  database.close()
})

it('a service that is given an idempotency key acts once for each message, however often the caller is killed', async () => {
  const queue = tradeQueue()
  const acted: { sequence: number; text: string }[] = []
  const keys = new Set<string>()
  let calls = 0
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const key = String(request.headers['idempotency-key'])
      calls++
      if (!keys.has(key)) acted.push({ sequence: Number(key.slice('trades-'.length)), text: Buffer.concat(parts).toString() })
      keys.add(key)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await killedAgainAndAgain(() => new Child('call-service', [queue, url]), {
    kills: KILLS,
    total: MESSAGES,
    progress: () => acted.length,
  })
  expect(acted).toEqual(EXPECTED)
  expect(calls).toBeGreaterThanOrEqual(MESSAGES)
})
