import {
  type BatchMessage,
  BusyError,
  ClosedError,
  DataLostError,
  InvalidArgumentError,
  isQueueError,
  type Message,
  type MessageSource,
  openObserver,
  type Position,
  QueueReader,
  type QueueWriter,
} from '@chronicle-ts/core'
import { checkOptions, checkSignal, endingAtReturn, type ListedSource, onAbort, readSources } from '@chronicle-ts/core/internal'
import { type FanInMessage, FanInReader } from '@chronicle-ts/fanin'
import { giveBack } from './give-back.js'
import { InputCommits } from './input-commits.js'
import { InputRun, OUTPUTS_MAX, type RunInput } from './input-run.js'
import { HintFiles, readHints } from './output-hints.js'
import { type OutputHistory, readOutputHistory } from './output-history.js'
import { placeInput } from './place-input.js'
import { checkProcessorOptions, type ProcessorInput, type ProcessorOptions } from './processor-options.js'
import { queueIdOf } from './queue-id.js'
import { isMessageSource } from './replay-options.js'
import { registerSources } from './source-registry.js'

/** Messages between two looks at the clock. */
const COMPLETED_PER_LOOK = 16

/** How often the hints are saved. What a restart has to look through is what was appended since. */
const HINT_INTERVAL_MS = 100

export interface EmitOptions {
  /** Nanoseconds since the Unix epoch; the time of the input by default. */
  readonly timestampNs?: bigint
  /** Version of the schema of the type, 1 to 255. */
  readonly schemaVersion?: number
}

/**
 * Opens a processor: for each input message the program emits any number of outputs, and a restart after any crash continues with every output in the queue exactly once. Outputs carry the
 * position of their input; a restart finds the last one, runs an input again whose outputs are incomplete, and drops those that are there.
 *
 * That needs a program whose outputs follow from the input message alone, or from state that it rebuilds.
 *
 * @throws `ERR_SOURCE_REWRITTEN` when an input no longer holds what was processed, as after a power cut that took its end; `ERR_DATA_LOST` when retention deleted messages
 * that were not processed; what opening an input throws.
 * @example
 * ```ts
 * using output = openWriter('/var/lib/signals')
 * using processor = openProcessor({ inputs: { quotes: '/var/lib/quotes' }, output })
 * for await (const { message } of processor.messages()) {
 *   if (message.length > 0) processor.emit(1, message.payload)
 * }
 * ```
 */
export function openProcessor(options: ProcessorOptions): Processor {
  checkProcessorOptions(options)
  return Processor.of(options)
}

interface ProcessedInput extends RunInput {
  readonly source: MessageSource
}

/** Writers to which a processor appends. A second one would give each message its outputs again. */
const usedWriters = new WeakSet<QueueWriter>()

/** Turns inputs into outputs with exactly one effect. See {@link openProcessor}. */
export class Processor {
  readonly #output: QueueWriter
  readonly #fanIn: FanInReader<MessageSource>
  readonly #owned: MessageSource[] = []
  readonly #inputs = new Map<string, ProcessedInput>()
  readonly #hints: HintFiles
  readonly #commits: InputCommits
  /** Where the outputs of the last input of each source begin. */
  readonly #lastOutputs = new Map<number, Position>()
  /** The message that the loop is at: it can be given outputs. */
  #run: InputRun | undefined
  /** That message until its outputs are appended. */
  #uncompleted: InputRun | undefined
  #failure: { readonly error: unknown } | undefined
  #hintsDueMs = 0
  #completed = 0
  readonly #closing = new AbortController()
  #isIterating = false

  /** @internal Use {@link openProcessor}. */
  static of(options: ProcessorOptions): Processor {
    return new Processor(options)
  }

  private constructor(options: ProcessorOptions) {
    if (usedWriters.has(options.output))
      throw new BusyError({ handle: 'writer', method: 'openProcessor', during: 'another processor' })
    this.#output = options.output
    this.#hints = new HintFiles(options.output.directory)
    this.#commits = new InputCommits(options.output)
    this.#fanIn = new FanInReader<MessageSource>({
      mode: 'ordered',
      holdBackMs: Number.POSITIVE_INFINITY,
      ...options.merge,
      onSourceError: ({ error }) => {
        this.#failure ??= { error }
      },
    })
    usedWriters.add(options.output)
    try {
      this.#begin(options)
    } catch (error) {
      this.#release()
      throw error
    }
  }

  /**
   * Yields the input messages, without an end. The turn of the loop after a message completes it: what was emitted is appended then. Leaving the loop inside of a message drops what it
   * emitted; the processor is over then, and the next one gets the message again.
   *
   * @throws what reading throws; `ERR_NOT_DETERMINISTIC` when an input that was run before emitted something else; what appending throws. All of these end the processor, too.
   */
  messages(options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<FanInMessage<Message>, void, void> {
    checkOptions(options, { signal: true })
    checkSignal(options.signal)
    const ending = new AbortController()
    return endingAtReturn(this.#iterate(options.signal, ending), () => ending.abort())
  }

  /**
   * Emits an output of the message that the loop is at.
   *
   * @throws {@link InvalidArgumentError} outside of the loop, for what no record can hold, and for more than 65,536 outputs of one message; `ERR_TOO_LARGE` for what no segment of the output can hold. What was
   * emitted before stays.
   */
  emit(typeId: number, payload: Uint8Array, options: EmitOptions = {}): void {
    this.#assertOpen()
    checkOptions(options, { timestampNs: true, schemaVersion: true })
    if (this.#run === undefined)
      throw new InvalidArgumentError({ argument: 'emit', value: 'no message', expected: 'a call while a message is processed' })
    if (this.#run.count >= OUTPUTS_MAX)
      throw new InvalidArgumentError({
        argument: 'emit',
        value: this.#run.count + 1,
        expected: `at most ${OUTPUTS_MAX} outputs of one message`,
      })
    this.#run.emit(typeId, payload, options)
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  /** Saves where the processor is, and closes the inputs that it opened. The writer stays open. Within the loop it drops what the present message emitted. Idempotent. */
  close(): void {
    if (this.closed) return
    this.#closing.abort()
    try {
      if (this.#failure === undefined && !this.#output.closed) {
        this.#commits.commitNow()
        this.#saveHints()
      }
    } finally {
      this.#release()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #begin({ inputs, output }: ProcessorOptions): void {
    const opened = Object.entries(inputs).map(([name, input]) => ({ name, source: this.#open(input) }))
    const known = readSources(output.directory)
    const ids = known.map(({ id }) => id)
    // Without the list nothing says which source a hint is of: then the records say which sources there are.
    const history = readOutputHistory(output.directory, known.length === 0 ? undefined : readHints(output.directory, ids))
    const sources = registerSources(
      output.directory,
      opened.map(({ name, source }) => ({ name, queueId: queueIdOf(source.directory) })),
      history.lastInputs,
    )
    for (const [id, { position }] of history.lastInputs) this.#lastOutputs.set(id, position)
    for (const { name, source } of opened) {
      const registered = sources.get(name) as ListedSource
      const lastInput = history.lastInputs.get(registered.id)
      if (lastInput === undefined && known.some((one) => one.name === name)) this.#assertNotForgotten(source, history)
      placeInput({ registered, source, output: output.directory, lastInput })
      const before = lastInput?.isFinished === false ? lastInput : undefined
      this.#inputs.set(name, { name, sourceId: registered.id, segmentSize: output.segmentSize, before, source })
      this.#fanIn.add(name, source)
    }
    this.#saveHints()
  }

  /** Retention of the output may have deleted all that was made from an input. A reader's position still says where to continue. */
  #assertNotForgotten(source: MessageSource, { firstSequence }: OutputHistory): void {
    const earliest = firstSequence ?? this.#output.nextSequence
    if (earliest === 0 || source instanceof QueueReader) return
    throw new DataLostError({ directory: this.#output.directory, from: undefined, to: earliest })
  }

  #open(input: ProcessorInput): MessageSource {
    if (isMessageSource(input)) return input
    const source = openObserver(input)
    this.#owned.push(source)
    return source
  }

  async *#iterate(signal: AbortSignal | undefined, ending: AbortController): AsyncGenerator<FanInMessage<Message>, void, void> {
    this.#assertSound()
    if (this.closed) return
    if (this.#isIterating) throw new BusyError({ handle: 'processor', method: 'messages', during: 'another loop' })
    this.#isIterating = true
    const stopListening = signal === undefined ? () => undefined : onAbort(signal, () => ending.abort())
    if (signal?.aborted) ending.abort()
    try {
      for await (const delivery of this.#fanIn.messages({ signal: ending.signal })) {
        this.#assertSound()
        this.#start(delivery)
        yield delivery
        await this.#complete(delivery)
      }
      this.#assertSound()
    } finally {
      stopListening()
      this.#isIterating = false
      this.#abandon()
    }
  }

  #start({ key, message }: FanInMessage<Message>): void {
    const { segmentId, offset, length } = message
    const input = this.#inputs.get(key) as ProcessedInput
    this.#run = new InputRun(input, message, { segmentId, offset, length })
    this.#uncompleted = this.#run
  }

  /** Appends what was emitted. An error leaves the input incomplete: the next open completes it. */
  async #complete({ key }: FanInMessage<Message>): Promise<void> {
    const run = this.#run
    this.#run = undefined
    // Closed in the loop's body: another processor may use the writer by now.
    if (run === undefined || this.closed) return
    try {
      const outputs = run.outputs(this.#output.directory)
      if (outputs.length > 0) await this.#append(run, outputs)
      this.#uncompleted = undefined
      this.#commits.processed(this.#inputs.get(key)?.source, run.place)
      this.#keepPlaces()
    } catch (error) {
      this.#failure = { error }
      this.#giveBack()
      throw error
    }
  }

  async #append(run: InputRun, outputs: readonly BatchMessage[]): Promise<void> {
    const { position } = this.#output
    let appended = 0
    try {
      this.#output.appendBatch(outputs)
      appended = outputs.length
    } catch (error) {
      if (!isQueueError(error, 'ERR_QUEUE_FULL')) throw error
      appended = error.batch?.count ?? 0
    }
    // The output is full: its readers make room, in their time.
    const { signal } = this.#closing
    for (const { typeId, payload, ...details } of outputs.slice(appended)) {
      if (signal.aborted) this.#assertOpen()
      await this.#output.appendAsync(typeId, payload, { ...details, signal }).catch((error: unknown) => this.#appendFailed(error))
    }
    if (run.input.before?.sequence !== run.sequence) this.#lastOutputs.set(run.input.sourceId, position)
  }

  /** A close that ends the wait for a full output is not an error of the output. */
  #appendFailed(error: unknown): never {
    if (this.closed) this.#assertOpen()
    throw error
  }

  /** The message in work was not completed: the next processor gets it. */
  #abandon(): void {
    if (this.#run === undefined) return
    this.#run = undefined
    this.#failure ??= { error: new ClosedError({ handle: 'processor', directory: this.#output.directory }) }
    this.#giveBack()
  }

  /** The source of the message in work stands before it again. Once: by the next call another processor may read the source. */
  #giveBack(): void {
    const run = this.#uncompleted
    this.#uncompleted = undefined
    if (run === undefined) return
    const source = this.#inputs.get(run.input.name)?.source
    if (source !== undefined) giveBack(source, run.place)
  }

  #keepPlaces(): void {
    if (++this.#completed % COMPLETED_PER_LOOK !== 0) return
    const nowMs = performance.now()
    this.#commits.commitIfDue(nowMs)
    if (nowMs < this.#hintsDueMs) return
    this.#hintsDueMs = nowMs + HINT_INTERVAL_MS
    this.#saveHints()
  }

  #saveHints(): void {
    this.#hints.save({ lookFrom: this.#output.position, bySource: this.#lastOutputs })
  }

  #assertOpen(): void {
    if (this.closed) throw new ClosedError({ handle: 'processor' })
    this.#assertSound()
  }

  #assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #release(): void {
    usedWriters.delete(this.#output)
    this.#fanIn.close()
    this.#hints.close()
    for (const source of this.#owned) source.close()
    this.#giveBack()
  }
}
