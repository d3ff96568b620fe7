/** Opening what a peer of npm left: PEER MEASURE FOLDER ARGUMENT... Prints its figures as a JSON object. */
import { FRAME_HEADER_LENGTH } from '../framing.js'
import { checkPayload, makePayload } from '../payload.js'
import { findPeer } from '../peers.js'
import type { Place } from '../transport.js'

const GROUP = 10_000

const [id = '', measure, folder = '', lengthText, ...counts] = process.argv.slice(2)
const length = Number(lengthText)
const transport = findPeer(id)?.transport({ sending: {}, receiving: {} })
if (transport === undefined) throw new Error(`unknown peer ${id}`)
if (measure === 'fill') for (const count of counts.map(Number)) await fill(placeOf(count), count)
const openMs = measure === 'open' ? await open(placeOf(Number(counts[0]))) : 0
console.log(JSON.stringify({ openMs }))
// A library may keep a thread or a timer.
process.exit()

function placeOf(count: number): Place {
  return { folder, topic: `of-${count}`, receivers: 1, bytes: count * (length + FRAME_HEADER_LENGTH), durable: false }
}

async function fill(place: Place, count: number): Promise<void> {
  await transport?.prepare?.(place)
  const sender = await transport?.openSender(place)
  for (let first = 0; first < count; first += GROUP) {
    const messages = Array.from({ length: Math.min(GROUP, count - first) }, (_, index) => makePayload(length, first + index))
    await sender?.send(messages)
  }
  await sender?.close()
}

/** Both sides and the first message. */
async function open(place: Place): Promise<number> {
  const begin = performance.now()
  await transport?.openSender(place)
  const receiver = await transport?.openReceiver(place, 0)
  let openedMs = Number.NaN
  await receiver?.run((payload) => {
    openedMs = performance.now() - begin
    checkPayload(payload, length, 0)
    return false
  })
  return openedMs
}
