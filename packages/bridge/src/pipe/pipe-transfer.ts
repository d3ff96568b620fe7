import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { COUNT, checkMembers, checkOptions, checkSignal, FLAG, fromSystemError } from '@chronicle-ts/core/internal'
import { checkSink, type ReplicaSink } from '../replica/replica-sink.js'
import { checkReplicaSource, type ReplicaSource } from '../source/replica-source.js'
import { type BrokenStream, encodeEnd, encodeFrame, readFrames } from './frame-stream.js'

export interface Transferred {
  readonly frames: number
  readonly records: number
  readonly bytes: number
}

export interface PushToStreamOptions {
  /** First sequence. Default: the earliest record. */
  readonly from?: number
  /** Continues with what is appended, until the signal aborts. Default: ends where the queue ends. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

/**
 * Writes frames into a stream, at its pace, and the end of the transfer. What the other end has already, it skips. Does not end the stream.
 *
 * @throws `ERR_IO` when the stream breaks, with the system's reason: EPIPE when its reader is gone. What reading the source throws.
 */
export async function pushToStream(
  source: ReplicaSource,
  stream: Writable,
  options: PushToStreamOptions = {},
): Promise<Transferred> {
  checkOptions(options, { from: COUNT, follow: FLAG, signal: true })
  checkSignal(options.signal)
  checkReplicaSource(source)
  checkMembers('stream', stream, ['write', 'on', 'off'], 'a writable stream')
  const broken = new AbortController()
  const onError = (error: unknown): void => broken.abort(error)
  stream.on('error', onError)
  try {
    return await pushFrames(source, stream, { ...options, broken: broken.signal })
  } catch (error) {
    throw fromSystemError(broken.signal.aborted ? broken.signal.reason : error, { syscall: 'write' })
  } finally {
    stream.off('error', onError)
  }
}

async function pushFrames(
  source: ReplicaSource,
  stream: Writable,
  { from, follow = false, signal, broken }: PushToStreamOptions & { readonly broken: AbortSignal },
): Promise<Transferred> {
  // Another stream may have got them.
  source.knowCompanions(undefined)
  if (from === undefined) source.seekEarliest()
  else source.seek(from)
  const total = { frames: 0, records: 0, bytes: 0 }
  const ending = signal === undefined ? broken : AbortSignal.any([signal, broken])
  while (!ending.aborted) {
    const outgoing = source.next()
    if (outgoing === undefined) {
      if (!follow) break
      await source.reader.waitAsync({ signal: ending }).catch((error: unknown) => endOfSignal(error, ending))
      continue
    }
    const frames = [...outgoing.companions, ...outgoing.frames]
    for (const frame of frames) for (const bytes of encodeFrame(frame)) await write(stream, bytes)
    total.frames += frames.length
    total.records += outgoing.count
    total.bytes += outgoing.length
  }
  broken.throwIfAborted()
  // A transfer that was interrupted is not whole; one that follows ends in no other way.
  if (follow || signal?.aborted !== true) await write(stream, encodeEnd())
  return total
}

function endOfSignal(error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) throw error
}

async function write(stream: Writable, bytes: Uint8Array): Promise<void> {
  // The bytes are a view of a mapping that stays as long as it is held: the stream may take its time.
  if (!stream.write(bytes)) await once(stream, 'drain')
}

export interface PulledFromStream extends Transferred {
  /** What ended the transfer before the end of the stream: what came before it is in the replica. */
  readonly broken: BrokenStream | undefined
}

/** Takes the frames of a stream over, and makes them durable at the end. @throws `ERR_IO` when the stream cannot be read; what `ReplicaSink.take` throws. */
export async function pullFromStream(sink: ReplicaSink, chunks: AsyncIterable<Uint8Array>): Promise<PulledFromStream> {
  checkSink(sink)
  const total = { frames: 0, records: 0, bytes: 0 }
  let broken: BrokenStream | undefined
  try {
    for await (const item of readFrames(chunks)) {
      if ('kind' in item) {
        broken = item
        break
      }
      const before = sink.nextSequence ?? item.first
      sink.take(item)
      total.frames += 1
      total.records += (sink.nextSequence ?? before) - before
      if (item.count > 0) total.bytes += item.body.length
    }
  } catch (error) {
    throw fromSystemError(error, { syscall: 'read' })
  } finally {
    await sink.flush()
  }
  if (broken === undefined && sink.isInside)
    broken = { kind: 'broken', reason: 'cut', detail: 'the last parts of a record are missing', offset: 0 }
  return { ...total, broken }
}
