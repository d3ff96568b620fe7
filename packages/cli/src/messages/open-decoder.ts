import type { CommandContext } from '../command-context.js'
import { RecordDecoder } from './record-decoder.js'

/** Returns the decoder of a queue. What is wrong with its registry goes to standard error. So does the first message of each type that a condition leaves out because it is bad. */
export function openDecoder(context: CommandContext, queue: string): RecordDecoder {
  return new RecordDecoder(
    queue,
    ({ path, detail }) => context.log.warn({ queue, path }, `schema registry: ${detail}`),
    ({ type, sequence, detail }) => context.log.warn({ queue, type, sequence }, `left out: ${detail}`),
  )
}
