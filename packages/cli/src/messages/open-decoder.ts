import type { CommandContext } from '../command-context.js'
import { RecordDecoder } from './record-decoder.js'

/** The decoder of a queue; what is wrong with its registry goes to standard error. */
export function openDecoder(context: CommandContext, queue: string): RecordDecoder {
  return new RecordDecoder(queue, ({ path, detail }) => context.log.warn({ queue, path }, `schema registry: ${detail}`))
}
