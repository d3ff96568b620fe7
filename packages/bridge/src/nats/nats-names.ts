import { InvalidArgumentError } from '@chronicle-ts/core'

/** What the server takes for a stream; a consumer has the prefix of sinks beside its name. */
const STREAM_LENGTH_MAX = 255
const SINK_LENGTH_MAX = 200
/** A server ends a connection that sends a line longer than 4096 bytes. */
const SUBJECT_LENGTH_MAX = 1024

/** Printable, and without what separates subjects or paths, or stands for several of them. */
const NAME = /^[^\s\p{C}.*>/\\]+$/u
/** Words between dots. */
const SUBJECT = /^[^\s\p{C}.*>]+(?:\.[^\s\p{C}.*>]+)*$/u

/**
 * Checks the name of a stream: the client of NATS refuses some, and others make subjects that no server answers. A bridge would try again forever.
 *
 * @throws `ERR_INVALID_ARGUMENT`
 */
export function checkStreamName(name: unknown): void {
  check('stream', name, {
    pattern: NAME,
    lengthMax: STREAM_LENGTH_MAX,
    what: 'the name of a stream, without spaces, . * > / and \\',
  })
}

/** As {@link checkStreamName}, for a subject without wildcards. */
export function checkSubject(subject: unknown): void {
  check('subject', subject, {
    pattern: SUBJECT,
    lengthMax: SUBJECT_LENGTH_MAX,
    what: 'words with dots between them, without * and >',
  })
}

/** As {@link checkStreamName}, for the name of a sink. */
export function checkSinkName(name: unknown, argument = 'name'): void {
  check(argument, name, { pattern: NAME, lengthMax: SINK_LENGTH_MAX, what: 'the name of a sink, without spaces, . * > / and \\' })
}

interface Rule {
  readonly pattern: RegExp
  readonly lengthMax: number
  readonly what: string
}

function check(argument: string, value: unknown, { pattern, lengthMax, what }: Rule): void {
  if (typeof value === 'string' && pattern.test(value) && Buffer.byteLength(value) <= lengthMax) return
  throw new InvalidArgumentError({ argument, value, expected: `${what}, of at most ${lengthMax} bytes` })
}
