import { headers, type MsgHdrs, nuid } from '@nats-io/transport-node'
import { decodeHead, encodeHead, type Frame, isMarker } from '../frames/frame.js'

/** Returns the header of the message that carries a frame. */
export function headersOf(frame: Frame): MsgHdrs {
  const fields = headers()
  for (const [name, value] of Object.entries(encodeHead(frame))) fields.set(name, value)
  return fields
}

/**
 * Returns a name for the message of a frame that no other message has. The server drops a message whose name it knows, so a frame that is sent again gets another name: whether it is there already, its place
 * decides. The marker of a term has part 0: the first frame of the term begins at the same record.
 */
export function newMessageName(frame: Frame): string {
  const { queueId, term, first, part } = frame
  return `${queueId}:${term}:${first}:${isMarker(frame) ? 0 : part}:${nuid.next()}`
}

/** Returns the frame of a message, or what is wrong with it in a few words. */
export function frameOfMessage(message: { readonly headers?: MsgHdrs | undefined; readonly data: Uint8Array }): Frame | string {
  const head = decodeHead((name) => message.headers?.get(name) || undefined)
  return typeof head === 'string' ? head : { ...head, body: message.data }
}
