import { createRequire } from 'node:module'

/** Returns the path of one of the captures in `examples/data`, from the sources and from what was built of them. */
export function recordedCapture(file: string): string {
  return createRequire(import.meta.url).resolve(`#data/${file}`)
}
