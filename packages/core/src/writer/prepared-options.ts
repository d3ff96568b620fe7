import type { AppendOptions, ClaimOptions } from './append-options.js'
import { type RecordDetails, readAppendOptions, readClaimOptions } from './record-details.js'

/**
 * Append options that were read and checked once, for writers whose messages all carry the same. Options of a call are read at every call, because a program may
 * change them.
 */
export class PreparedOptions implements AppendOptions {
  readonly schemaVersion: number
  readonly #details: RecordDetails | undefined

  /** @throws `InvalidArgumentError` */
  constructor(schemaVersion: number) {
    this.schemaVersion = schemaVersion
    this.#details = readAppendOptions({ schemaVersion }, true)
  }

  /** What a writer with these options stores; of any other options `undefined`. */
  static detailsOf(options: object | undefined): RecordDetails | undefined {
    return options instanceof PreparedOptions ? options.#details : undefined
  }
}

/** The details of the options of one call. @throws `InvalidArgumentError` */
export function detailsOf(options: AppendOptions, extensions: boolean): RecordDetails | undefined {
  return (extensions ? PreparedOptions.detailsOf(options) : undefined) ?? readAppendOptions(options, extensions)
}

/** {@link detailsOf} for a claim. @throws `InvalidArgumentError` */
export function claimDetailsOf(options: ClaimOptions, extensions: boolean): RecordDetails | undefined {
  return (extensions ? PreparedOptions.detailsOf(options) : undefined) ?? readClaimOptions(options, extensions)
}
