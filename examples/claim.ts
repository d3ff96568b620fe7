/**
 * Claim: a message is encoded in the queue's own memory, so that its bytes are written once and copied never. A claim that is aborted leaves no trace.
 *
 *     node examples/dist/claim.js [quotes]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'

const QUOTE = 1
/** float64 bid, float64 ask */
const QUOTE_LENGTH = 16

const count = Number(process.argv[2] ?? 10_000)
const root = mkdtempSync(join(tmpdir(), 'claim-'))
try {
  using writer = openWriter(join(root, 'quotes'), { segmentSize: 64 * 1024 })
  using reader = openReader(join(root, 'quotes'), 'printer')
  let [committed, aborted] = [0, 0]
  for (let index = 0; index < count; index++) {
    if (quote(writer, 100 + Math.sin(index / 50), index % 10 === 9)) committed++
    else aborted++
  }
  let [read, crossed] = [0, 0]
  for (let message = reader.next(); message !== undefined; message = reader.next()) {
    // A view on the mapped segment, too: nothing is copied until the reader wants to keep it.
    const [bid, ask] = [message.payload.readDoubleLE(0), message.payload.readDoubleLE(8)]
    if (message.sequence !== read || bid >= ask) crossed++
    read++
  }
  reader.commit()
  console.log(JSON.stringify({ committed, aborted, read, crossed }))
} finally {
  rmSync(root, { recursive: true })
}

/** Encodes in place, and looks at the result before it is published: a quote without a spread is not. */
function quote(writer: QueueWriter, mid: number, isLocked: boolean): boolean {
  const spread = isLocked ? 0 : 0.02
  const claim = writer.claim(QUOTE, QUOTE_LENGTH)
  claim.setFloat64(0, mid - spread / 2).setFloat64(8, mid + spread / 2)
  if (spread === 0) {
    claim.abort()
    return false
  }
  claim.commit()
  return true
}
