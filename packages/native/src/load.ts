import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addonFiles, ownLibrary } from './addon-files.js'
import { flawOfAddon } from './addon-image.js'
import type { Binding } from './binding.js'
import { INTERFACE_ID } from './interface-id.js'
import type { AppenderOptions } from './native-appender.js'
import { type RawAppender, withStaging } from './staging.js'
import { type RawVerifier, withArguments } from './verifier-arguments.js'

/** The same symbol in every copy of this library. */
const BRAND = Symbol.for('chronicle-ts.AddonError')

/** The addon is missing or does not load; `cause` is the first failure. Thrown while the module is imported, so it cannot be a `QueueError` of the layer above. */
export class AddonError extends Error {
  /** @internal */
  get [BRAND](): true {
    return true
  }

  override readonly name = 'AddonError'
  readonly code = 'ERR_ADDON'
  readonly category = 'usage'
  /** Every file that was tried, first choice first. */
  readonly paths: readonly string[]

  constructor(text: string, facts: { readonly paths: readonly string[] }, options?: ErrorOptions) {
    super(text, options)
    this.paths = facts.paths
  }
}

interface Addon extends Omit<Binding, 'createAppender' | 'createVerifier'> {
  readonly interfaceId: string
  createAppender(options: AppenderOptions): RawAppender
  createVerifier(): RawVerifier
}

/** Of the installed package, or of the checkout. */
const folder = fileURLToPath(new URL('..', import.meta.url))

/** The environment decides when it names a file. */
function candidates(): string[] {
  const named = process.env['CHRONICLE_ADDON']
  return named === undefined || named === '' ? addonFiles(folder, ownLibrary()) : [resolve(named)]
}

interface Attempt {
  readonly path: string
  readonly cause: unknown
}

function load(): Addon {
  const failed: Attempt[] = []
  for (const path of candidates()) {
    try {
      return loadFrom(path)
    } catch (cause) {
      failed.push({ path, cause })
    }
  }
  const attempts = failed.map(({ path, cause }) => `\n  ${path}: ${reason(cause)}`).join('')
  const text = `The native addon of @chronicle-ts/native does not load: ${advice()}. Tried:${attempts}`
  throw new AddonError(text, { paths: failed.map(({ path }) => path) }, { cause: failed[0]?.cause })
}

function loadFrom(path: string): Addon {
  const flaw = flawOfAddon(path)
  if (flaw !== undefined) throw new Error(flaw)
  const addon = createRequire(import.meta.url)(path) as Partial<Addon>
  if (addon.interfaceId !== INTERFACE_ID) throw new Error('not the addon of this version of the package')
  return addon as Addon
}

/** The first line: Node appends the stack of requires. */
function reason(cause: unknown): string {
  return (cause as Error).message.split('\n')[0] ?? ''
}

/** What helps where the user stands. */
function advice(): string {
  if (process.env['CHRONICLE_ADDON']) return 'CHRONICLE_ADDON names a file that is not the addon of this version'
  if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`
  const isInstalled = /[\\/]node_modules[\\/]@chronicle-ts[\\/]native[\\/]?$/.test(folder)
  if (isInstalled) return `build it for this machine: node ${resolve(folder, 'build.mjs')} (needs a C++20 compiler)`
  if (/[\\/]packages[\\/]native[\\/]?$/.test(folder)) return 'run npm run build'
  return 'a bundler must leave @chronicle-ts/native external, and install it beside the bundle'
}

const { interfaceId: _, ...addon } = load()

/** The addon. Loaded once per thread; all threads of a process share its background threads. */
export const binding: Binding = {
  ...addon,
  createAppender: (options) => withStaging(addon.createAppender(options)),
  createVerifier: () => withArguments(addon.createVerifier()),
}
