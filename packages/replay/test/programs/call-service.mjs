// Calls a service once for each message of a queue: node call-service.mjs <queue> <url>. The recipe of docs/replay.md.
import { openReader } from '@chronicle-ts/core'

const [queue = '', url = ''] = process.argv.slice(2)

const reader = openReader(queue, 'caller')
for (let message = reader.next(); message !== undefined; message = reader.next()) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Idempotency-Key': `trades-${message.sequence}` },
    body: message.payload,
  })
  if (!answer.ok) throw new Error(`the service answered ${answer.status}`)
  await answer.arrayBuffer()
  reader.commit()
}
reader.close()
