import { writeSources } from '@chronicle-ts/core/internal'
import { f64, jsonMessage, message, readSchemas, saveSchema, u16, utf8 } from '@chronicle-ts/schema'

export const Quote = message('Quote', 1, { bid: f64(), note: utf8() })
export const QuoteWithVenue = Quote.since(2, { venue: u16() })
export const Log = jsonMessage<unknown>('Log', 7)

/** What two copies that went their own way made of one version. */
export const QuoteOtherwise = Quote.since(2, { exchange: utf8() })

/** Gives a queue the companions that a typed writer and a processor give it. */
export function addCompanions(directory: string): void {
  saveSchema(directory, Quote)
  saveSchema(directory, Log)
  writeSources(directory, [{ id: 1, name: 'quotes', queueId: '0'.repeat(32) }])
}

/** Names and versions of the types that a queue's registry holds. */
export function typesOf(directory: string): string[] {
  const { schemas, problems } = readSchemas(directory)
  return [...schemas.map(({ name, version }) => `${name} ${version}`), ...problems.map(({ path }) => `damaged ${path}`)]
}
