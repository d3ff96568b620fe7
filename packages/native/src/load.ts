import { createRequire } from 'node:module'
import { type SpreadAppender, withBatches } from './batches.js'
import type { AppenderOptions, Binding } from './binding.js'

/** The addon is not there or does not load; `cause` tells which. Thrown while the module is imported, so it cannot be a `QueueError` of the layer above. */
export class AddonError extends Error {
  override readonly name = 'AddonError'
  readonly code = 'ERR_ADDON'
  readonly category = 'usage'
}

interface Addon extends Omit<Binding, 'createAppender'> {
  createAppender(options: AppenderOptions): SpreadAppender
}

const ADDON_PATH = '../dist/chronicle.node'

function load(): Addon {
  try {
    return createRequire(import.meta.url)(ADDON_PATH) as Addon
  } catch (cause) {
    throw new AddonError(`The native addon ${ADDON_PATH} of @chronicle-ts/native does not load: run npm run build`, { cause })
  }
}

const addon = load()

/** The addon. Loaded once per thread; all threads of a process share its background threads. */
export const binding: Binding = { ...addon, createAppender: (options) => withBatches(addon.createAppender(options)) }
