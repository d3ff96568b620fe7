import { createRequire } from 'node:module'
import type { Binding } from './binding.js'

/** The addon is not there or does not load; `cause` tells which. */
export class AddonError extends Error {
  override readonly name = 'AddonError'
  readonly code = 'ERR_ADDON_MISSING'
}

const ADDON_PATH = '../dist/chronicle.node'

function load(): Binding {
  try {
    return createRequire(import.meta.url)(ADDON_PATH) as Binding
  } catch (cause) {
    throw new AddonError(`The native addon ${ADDON_PATH} of @chronicle-ts/native does not load: run npm run build`, { cause })
  }
}

/** The addon. Loaded once per thread; all threads of a process share its background threads. */
export const binding: Binding = load()
