import { fileURLToPath } from 'node:url'
import { compilePreload, preloading } from '../../../../tools/evidence/preload/compile-once.js'

/**
 * Compiles `test/programs/<name>.cc` into a library that a program can be started with, in place of functions of the C library.
 *
 * @returns the environment variables that do so
 */
export function preload(name: string): Record<string, string> {
  const source = fileURLToPath(new URL(`../programs/${name}.cc`, import.meta.url))
  return preloading(compilePreload(`${name}.so`, [source]))
}
