import { join } from 'node:path'
import { type DirectoryPath, InvalidArgumentError } from '@chronicle-ts/core'
import { absolutePath, createDirectory, isReaderName, LEASE_FILE, READY_FILE } from '@chronicle-ts/core/internal'
import { listNames } from './list-names.js'

/** Where one strategy's two queues and their markers are. All paths are absolute; nothing needs to exist. */
export interface StrategyPaths {
  readonly name: string
  readonly directory: string
  /** Queue that the strategy writes and the router reads. The markers of the strategy stand in it. */
  readonly ordersOut: string
  /** Queue that the router writes and the strategy reads. */
  readonly ordersIn: string
  readonly ready: string
  readonly lease: string
}

/** Where one market-data queue is. */
export interface FeedPaths {
  readonly name: string
  /** The queue itself: one writer, any number of readers. */
  readonly directory: string
}

/**
 * The directory tree through which processes find each other.
 *
 * ```text
 * <root>/orders/queue/<strategy>/orders_out/     the strategy writes, the router reads; READY and LEASE stand here
 * <root>/orders/queue/<strategy>/orders_in/      the router writes, the strategy reads
 * <root>/market_data/queue/<feed>/               the feed writes, every process reads
 * ```
 *
 * Names are those of readers: 1 to 128 letters, digits, dots, underscores and hyphens, no dot in front; so a name is a directory name and never a
 * path. Computing paths touches no file; only the `create...` methods make directories, and what they made survives a power cut.
 *
 * @example
 * const layout = new BusLayout('/var/lib/trading/bus')
 * layout.strategy('momentum').ordersOut // '/var/lib/trading/bus/orders/queue/momentum/orders_out'
 */
export class BusLayout {
  /** Absolute. */
  readonly root: string
  /** Holds one directory per strategy. */
  readonly strategiesDirectory: string
  /** Holds one queue per feed. */
  readonly feedsDirectory: string

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: the root is neither a path nor a file URL. */
  constructor(root: DirectoryPath) {
    this.root = absolutePath(root, 'root')
    this.strategiesDirectory = join(this.root, 'orders', 'queue')
    this.feedsDirectory = join(this.root, 'market_data', 'queue')
  }

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: not a valid name. */
  strategy(name: string): StrategyPaths {
    checkName('strategy', name)
    const directory = join(this.strategiesDirectory, name)
    const ordersOut = join(directory, 'orders_out')
    return {
      name,
      directory,
      ordersOut,
      ordersIn: join(directory, 'orders_in'),
      ready: join(ordersOut, READY_FILE),
      lease: join(ordersOut, LEASE_FILE),
    }
  }

  /** @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`: not a valid name. */
  feed(name: string): FeedPaths {
    checkName('feed', name)
    return { name, directory: join(this.feedsDirectory, name) }
  }

  /** Names of the strategies that have a directory, sorted, ready or not. Empty when there is no tree yet. */
  strategies(): string[] {
    return listNames(this.strategiesDirectory)
  }

  /** Names of the feeds that have a directory, sorted. Empty when there is no tree yet. */
  feeds(): string[] {
    return listNames(this.feedsDirectory)
  }

  /** Makes a strategy's directories that are not there yet. Any number of processes may do so at once. */
  createStrategy(name: string): StrategyPaths {
    const paths = this.strategy(name)
    createDirectory(paths.ordersOut)
    createDirectory(paths.ordersIn)
    return paths
  }

  /** Makes a feed's directory when it is not there yet. */
  createFeed(name: string): FeedPaths {
    const paths = this.feed(name)
    createDirectory(paths.directory)
    return paths
  }
}

/** Whether a strategy or feed may be called this. */
export function isBusName(name: unknown): name is string {
  return isReaderName(name)
}

export function checkName(argument: 'strategy' | 'feed' | 'name', name: unknown): void {
  if (isBusName(name)) return
  const expected = '1 to 128 letters, digits, dots, underscores and hyphens, with no dot in front'
  throw new InvalidArgumentError({ argument, value: name, expected })
}

/** The layout of a bus that is given as such, or by its root. @throws {@link InvalidArgumentError} `ERR_INVALID_ARGUMENT`. */
export function layoutOf(bus: BusLayout | DirectoryPath): BusLayout {
  return bus instanceof BusLayout ? bus : new BusLayout(bus)
}
