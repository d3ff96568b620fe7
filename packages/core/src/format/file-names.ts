import { SEGMENT_ID_MAX } from './segment-layout.js'

/**
 * Names of the files in a queue directory.
 *
 * ```text
 * control.meta            mapped by everyone
 * control.tmp             while control.meta is made
 * writer.lock             locked by the writer, never deleted
 * index.meta              a hint
 * 000000000.q             segments
 * 000000001.q.tmp         while a segment is prepared
 * readers/<name>.meta     a named reader's position
 * index/                  shortcuts for seeking
 * quarantine/             what recovery and repair took out of the queue
 * schemas/                the registry of message types
 * sources.json sources/   the queues from which a processor made the messages
 * bridge/                 the progress of bridges
 * READY READY.tmp LEASE   markers of the bus
 * ```
 */
export const CONTROL_FILE = 'control.meta'
export const CONTROL_TEMPORARY_FILE = 'control.tmp'
export const LOCK_FILE = 'writer.lock'
export const INDEX_FILE = 'index.meta'
export const INDEX_TEMPORARY_FILE = 'index.tmp'
export const READERS_DIRECTORY = 'readers'
/** A hint: a link in its place is not followed, and then there is no index. */
export const SPARSE_INDEX_DIRECTORY = 'index'
export const QUARANTINE_DIRECTORY = 'quarantine'
export const SCHEMAS_DIRECTORY = 'schemas'
export const SOURCES_FILE = 'sources.json'
export const SOURCES_DIRECTORY = 'sources'
export const BRIDGE_DIRECTORY = 'bridge'
export const READY_FILE = 'READY'
export const READY_TEMPORARY_FILE = 'READY.tmp'
export const LEASE_FILE = 'LEASE'
export const LEASE_TEMPORARY_FILE = 'LEASE.tmp'

/** Segment ids are padded with zeros to this many digits, and longer ids are written in full. */
export const SEGMENT_NAME_DIGITS = 9
export const SEGMENT_SUFFIX = '.q'
export const READER_SUFFIX = '.meta'
export const TEMPORARY_SUFFIX = '.tmp'
export const READER_NAME_LENGTH_MAX = 128

/** `0` is `000000000.q`, `1234567890` is `1234567890.q`. */
export function segmentFileName(segmentId: number): string {
  return `${String(segmentId).padStart(SEGMENT_NAME_DIGITS, '0')}${SEGMENT_SUFFIX}`
}

/** The name under which a segment is prepared before it is published. */
export function segmentTemporaryFileName(segmentId: number): string {
  return `${segmentFileName(segmentId)}${TEMPORARY_SUFFIX}`
}

/** The id in a segment's file name, or `undefined` for every name that {@link segmentFileName} does not make. */
export function parseSegmentFileName(name: string): number | undefined {
  if (!/^(?:\d{9}|[1-9]\d{9})\.q$/.test(name)) return undefined
  const segmentId = Number(name.slice(0, -SEGMENT_SUFFIX.length))
  return segmentId <= SEGMENT_ID_MAX ? segmentId : undefined
}

/** The id in the name of a segment under preparation, or `undefined`. */
export function parseSegmentTemporaryFileName(name: string): number | undefined {
  return name.endsWith(TEMPORARY_SUFFIX) ? parseSegmentFileName(name.slice(0, -TEMPORARY_SUFFIX.length)) : undefined
}

/** 1 to 128 letters, digits, dots, underscores and hyphens, no dot in front: such a name is a file name and never a path. */
export function isReaderName(name: unknown): name is string {
  return typeof name === 'string' && name.length <= READER_NAME_LENGTH_MAX && /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name)
}

/** The name of a reader's file inside the readers directory. The reader name must be valid. */
export function readerFileName(name: string): string {
  return `${name}${READER_SUFFIX}`
}

/** The reader's name in a file name of the readers directory, or `undefined`. */
export function parseReaderFileName(fileName: string): string | undefined {
  if (!fileName.endsWith(READER_SUFFIX)) return undefined
  const name = fileName.slice(0, -READER_SUFFIX.length)
  return isReaderName(name) ? name : undefined
}

/** `12` is `000000012.idx`: a segment's sparse index, in a folder of its own. */
export function sparseIndexFileName(segmentId: number): string {
  return `${String(segmentId).padStart(SEGMENT_NAME_DIGITS, '0')}.idx`
}
