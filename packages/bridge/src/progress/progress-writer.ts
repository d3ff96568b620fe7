import type { DirectoryPath } from '@chronicle-ts/core'
import { checkFunction, pathOf } from '@chronicle-ts/core/internal'
import type { BridgeLag } from '../nats/bridge-lag.js'
import { type BridgeProgress, writeProgress } from './bridge-progress.js'

const INTERVAL_MS = 1000

/** What an end of a bridge knows about itself; what it does not know is `undefined`. */
export interface BridgeReading extends Omit<BridgeProgress, 'pid' | 'state' | 'error' | 'updatedMs' | 'nextSequence' | 'lag'> {
  readonly nextSequence: number | undefined
  readonly lag: BridgeLag
  readonly lastError: string | undefined
}

/** Says once a second where an end of a bridge is, for `metrics`, `monitor` and the dashboard. A disk that is full, or a server that gives no answer, costs the hint and nothing else. */
export class ProgressWriter {
  readonly #directory: string
  readonly #read: () => BridgeReading | undefined | Promise<BridgeReading | undefined>
  readonly #timer: NodeJS.Timeout
  #last: BridgeReading | undefined
  #isReading = false
  #isEnded = false

  /** @param read returns `undefined` while there is nothing to say, as for a replica that does not exist yet */
  constructor(directory: DirectoryPath, read: () => BridgeReading | undefined | Promise<BridgeReading | undefined>) {
    this.#directory = pathOf(directory)
    checkFunction('read', read)
    this.#read = read
    this.#timer = setInterval(() => void this.#update(), INTERVAL_MS)
    this.#timer.unref()
    void this.#update()
  }

  /** Runs one end of a bridge, and says how it ended. */
  static async during<Result>(
    directory: DirectoryPath,
    read: () => BridgeReading | undefined | Promise<BridgeReading | undefined>,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const writer = new ProgressWriter(directory, read)
    try {
      const result = await work()
      await writer.#end('ended', null)
      return result
    } catch (error) {
      await writer.#end('failed', error instanceof Error ? error.message : String(error))
      throw error
    }
  }

  async #end(state: 'ended' | 'failed', error: string | null): Promise<void> {
    this.#isEnded = true
    clearInterval(this.#timer)
    const reading = (await this.#reading()) ?? this.#last
    if (reading !== undefined) this.#write(reading, state, error)
  }

  async #update(): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    const reading = await this.#reading()
    this.#isReading = false
    if (reading === undefined || this.#isEnded) return
    this.#last = reading
    this.#write(reading, reading.lastError === undefined ? 'running' : 'retrying', reading.lastError ?? null)
  }

  async #reading(): Promise<BridgeReading | undefined> {
    try {
      return await this.#read()
    } catch {
      return undefined
    }
  }

  #write(reading: BridgeReading, state: BridgeProgress['state'], error: string | null): void {
    try {
      const { lastError: _said, nextSequence = null, lag, ...others } = reading
      const { messages = null, bytes = null, seconds = null } = lag
      const own = { pid: process.pid, state, error, updatedMs: Date.now() }
      writeProgress(this.#directory, { ...others, nextSequence, lag: { messages, bytes, seconds }, ...own })
    } catch {
      // A hint is not worth ending a bridge for.
    }
  }
}
