import {
  type DirectoryPath,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  type ReaderOptions,
  type WriterOptions,
} from '@chronicle-ts/core'
import { checkOptions, createDirectory, GROUP, READER_NAME } from '@chronicle-ts/core/internal'
import { ROUTER_READER_NAME } from '../defaults.js'
import { type BusLayout, layoutOf, type StrategyPaths } from '../layout/bus-layout.js'

/** How the router's ends of a strategy's queues are opened. */
export interface RouterEndpointsOptions {
  /** For `orders_in`. */
  readonly writer?: WriterOptions
  /** For `orders_out`. */
  readonly reader?: ReaderOptions
  /** Name under which `orders_out` is read. @defaultValue 'router' */
  readonly readerName?: string
}

/**
 * Opens the router's side of one strategy, usually when it was discovered. Positions are kept under the reader's name, so a router that attaches again goes on where
 * it had committed.
 *
 * @throws what `openReader` and `openWriter` throw: `ERR_NOT_FOUND` and `ERR_NOT_A_QUEUE` when the strategy's queue is not there (any more), `ERR_READER_ACTIVE`,
 * `ERR_WRITER_ACTIVE` when another router serves it. Nothing stays open then.
 */
export function openRouterEndpoints(
  bus: BusLayout | DirectoryPath,
  name: string,
  options: RouterEndpointsOptions = {},
): RouterEndpoints {
  checkOptions(options, { writer: GROUP, reader: GROUP, readerName: READER_NAME })
  return RouterEndpoints.open(layoutOf(bus).strategy(name), options)
}

/** The router's ends of one strategy's two queues. */
export class RouterEndpoints implements Disposable, AsyncDisposable {
  /** @internal Use {@link openRouterEndpoints}. */
  static open(paths: StrategyPaths, options: RouterEndpointsOptions): RouterEndpoints {
    const ordersOut = openReader(paths.ordersOut, options.readerName ?? ROUTER_READER_NAME, options.reader)
    try {
      createDirectory(paths.ordersIn)
      return new RouterEndpoints(paths, ordersOut, openWriter(paths.ordersIn, options.writer))
    } catch (error) {
      ordersOut.close()
      throw error
    }
  }

  private constructor(
    readonly paths: StrategyPaths,
    /** The orders: the strategy writes, this process reads. After `removed`, read it to the end before closing. */
    readonly ordersOut: QueueReader,
    /** The answers: this process writes, the strategy reads. */
    readonly ordersIn: QueueWriter,
  ) {}

  get name(): string {
    return this.paths.name
  }

  get closed(): boolean {
    return this.ordersOut.closed && this.ordersIn.closed
  }

  /** Closes both queues; commits nothing. May be called again. */
  close(): void {
    try {
      this.ordersOut.close()
    } finally {
      this.ordersIn.close()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}
