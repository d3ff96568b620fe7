import { headers, type MsgHdrs } from '@nats-io/transport-node'
import { decodeHead, encodeHead, type Frame, isMarker } from '../frames/frame.js'

/** Returns the header of the message that carries a frame. */
export function headersOf(frame: Frame): MsgHdrs {
  const fields = headers()
  for (const [name, value] of Object.entries(encodeHead(frame))) fields.set(name, value)
  return fields
}

/**
 * Returns the name that lets the server drop a frame that it has already, within its window. The marker of a term has part 0: the first frame of the term begins at the same record. Companions have no name: they
 * may be sent again at the same record.
 */
export function messageIdOf(frame: Frame): string | undefined {
  const { queueId, term, first, count, part } = frame
  if (count === 0 && !isMarker(frame)) return undefined
  return `${queueId}:${term}:${first}:${count === 0 ? 0 : part}`
}

/** Returns the frame of a message, or what is wrong with it in a few words. */
export function frameOfMessage(message: { readonly headers?: MsgHdrs | undefined; readonly data: Uint8Array }): Frame | string {
  const head = decodeHead((name) => message.headers?.get(name) || undefined)
  return typeof head === 'string' ? head : { ...head, body: message.data }
}
