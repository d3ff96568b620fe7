import {
  type DirectoryPath,
  openReader,
  openWriter,
  type QueueReader,
  type QueueWriter,
  type ReaderOptions,
  type WriterOptions,
} from '@chronicle-ts/core'
import { type BusLayout, layoutOf } from '../layout/bus-layout.js'

/**
 * Opens a feed for writing, making its directory when it is missing.
 *
 * @throws `InvalidArgumentError` `ERR_INVALID_ARGUMENT`: no valid name; and what `openWriter` throws.
 */
export function openFeedWriter(bus: BusLayout | DirectoryPath, feed: string, options?: WriterOptions): QueueWriter {
  const layout = layoutOf(bus)
  return openWriter(layout.createFeed(feed).directory, options)
}

/**
 * Opens a feed for reading under a name. A feed that may not be there yet is a matter for `SubscriberDiscovery`.
 *
 * @throws `InvalidArgumentError` `ERR_INVALID_ARGUMENT`: no valid name; and what `openReader` throws.
 */
export function openFeedReader(
  bus: BusLayout | DirectoryPath,
  feed: string,
  readerName: string,
  options?: ReaderOptions,
): QueueReader {
  const layout = layoutOf(bus)
  return openReader(layout.feed(feed).directory, readerName, options)
}
