import { createRequire } from 'node:module'
import { InvalidArgumentError } from '../errors/index.js'

const require = createRequire(import.meta.url)

/** Loads an optional dependency when a codec of its is asked for. */
export function requirePeer<T>(name: string): T {
  try {
    return require(name) as T
  } catch (cause) {
    throw new InvalidArgumentError(
      { argument: 'codec', value: name, expected: `the package ${name}, which must be installed beside this one` },
      { cause },
    )
  }
}
