import { QueueError } from './queue-error.js'

/** A message of another queue, by the name under which a processor or replica knows that queue. */
export interface SourceFacts {
  /** Queue that was made from the source. */
  readonly directory: string
  readonly source: string
  readonly sourceSequence: number
}

/**
 * A processor ran an input message for the second time and emitted something else than the first time, part of which is in the output. Nothing was appended. What the program does must follow from
 * its inputs alone.
 */
export class NotDeterministicError extends QueueError {
  override readonly name = 'NotDeterministicError'
  override readonly code = 'ERR_NOT_DETERMINISTIC'
  override readonly category = 'fatal'
  readonly directory: string
  readonly source: string
  readonly sourceSequence: number
  /** Which of the outputs of this input differs, from 0. */
  readonly outputIndex: number
  /** What is in the output, in words. */
  readonly expected: string
  /** What was emitted now. */
  readonly found: string

  constructor(
    facts: SourceFacts & { readonly outputIndex: number; readonly expected: string; readonly found: string },
    options?: ErrorOptions,
  ) {
    super('An input led to other outputs than before', { ...facts }, options)
    this.directory = facts.directory
    this.source = facts.source
    this.sourceSequence = facts.sourceSequence
    this.outputIndex = facts.outputIndex
    this.expected = facts.expected
    this.found = facts.found
  }
}

/**
 * The message from which outputs were made is not in the source any more, or another one has its sequence. A power cut took it while the outputs survived, or another queue
 * stands in the place of the source. Nothing was appended.
 */
export class SourceRewrittenError extends QueueError {
  override readonly name = 'SourceRewrittenError'
  override readonly code = 'ERR_SOURCE_REWRITTEN'
  override readonly category = 'fatal'
  readonly directory: string
  readonly source: string
  readonly sourceSequence: number
  /** What shows it, in a few words. */
  readonly detail: string

  constructor(facts: SourceFacts & { readonly detail: string }, options?: ErrorOptions) {
    const { directory, source, sourceSequence, detail } = facts
    super(`The source no longer holds what was processed, ${detail}`, { directory, source, sourceSequence }, options)
    this.directory = directory
    this.source = source
    this.sourceSequence = sourceSequence
    this.detail = detail
  }
}

/** Another copy of the queue was promoted: this one must not replicate or be replicated any more until it rejoins. */
export class FencedError extends QueueError {
  override readonly name = 'FencedError'
  override readonly code = 'ERR_FENCED'
  override readonly category = 'fatal'
  readonly directory: string
  /** Replica term of this queue. */
  readonly term: number
  /** The higher term that was seen. */
  readonly newTerm: number

  constructor(facts: { readonly directory: string; readonly term: number; readonly newTerm: number }, options?: ErrorOptions) {
    super('Another copy of this queue was promoted', { ...facts }, options)
    this.directory = facts.directory
    this.term = facts.term
    this.newTerm = facts.newTerm
  }
}
