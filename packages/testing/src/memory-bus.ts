import {
  BusLayout,
  openFeedReader,
  openFeedWriter,
  openRouterEndpoints,
  openStrategyEndpoints,
  type RouterEndpoints,
  type RouterEndpointsOptions,
  type StrategyEndpoints,
  type StrategyEndpointsOptions,
} from '@chronicle-ts/bus'
import type { QueueReader, QueueWriter, ReaderOptions, WriterOptions } from '@chronicle-ts/core'
import { checkObject } from '@chronicle-ts/core/internal'
import { makeFolder, removeFolder } from './memory-folder.js'

/** As `memoryQueue`'s. */
const WRITER_OPTIONS: WriterOptions = { segmentSize: 64 * 1024, prefault: false }

/**
 * Makes a bus for a test: its tree on a file system in memory. Disposing it closes every end that it opened and deletes the files.
 *
 * @example
 * ```ts
 * using bus = memoryBus()
 * bus.feedWriter('trades').append(1, Buffer.from('hello'))
 * console.log(bus.feedReader('trades', 'test').next()?.payload.toString())
 * ```
 */
export function memoryBus(): MemoryBus {
  return new MemoryBus()
}

/** A bus of a test. See {@link memoryBus}. */
export class MemoryBus {
  readonly layout: BusLayout
  readonly #opened: { close(): void }[] = []

  /** Use {@link memoryBus}. */
  constructor() {
    this.layout = new BusLayout(makeFolder())
  }

  /** Root of the tree: what programs under test take. */
  get root(): string {
    return this.layout.root
  }

  /** Opens a strategy's ends, and announces it. */
  strategy(name: string, options: StrategyEndpointsOptions = {}): StrategyEndpoints {
    checkObject(options)
    if (options.writer !== undefined) checkObject(options.writer, 'writer')
    const endpoints = this.#kept(
      openStrategyEndpoints(this.layout, name, { ...options, writer: { ...WRITER_OPTIONS, ...options.writer } }),
    )
    endpoints.markReady()
    return endpoints
  }

  /** Opens the router's ends of a strategy. */
  router(strategy: string, options: RouterEndpointsOptions = {}): RouterEndpoints {
    checkObject(options)
    if (options.writer !== undefined) checkObject(options.writer, 'writer')
    return this.#kept(
      openRouterEndpoints(this.layout, strategy, { ...options, writer: { ...WRITER_OPTIONS, ...options.writer } }),
    )
  }

  feedWriter(feed: string, options: WriterOptions = {}): QueueWriter {
    checkObject(options)
    return this.#kept(openFeedWriter(this.layout, feed, { ...WRITER_OPTIONS, ...options }))
  }

  feedReader(feed: string, name = 'test', options?: ReaderOptions): QueueReader {
    return this.#kept(openFeedReader(this.layout, feed, name, options))
  }

  /** Closes what this bus opened, the last first, and deletes the files. Idempotent. */
  close(): void {
    for (const opened of this.#opened.splice(0).reverse()) opened.close()
    removeFolder(this.root)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #kept<Opened extends { close(): void }>(opened: Opened): Opened {
    this.#opened.push(opened)
    return opened
  }
}
