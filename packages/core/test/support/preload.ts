import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './temporary.js'

const COMPILE =
  'for compiler in "$CXX" c++ g++ clang++; do $compiler -std=c++17 -shared -fPIC -o "$1" "$2" && exit; done 2>&1; exit 1'

/**
 * Compiles `test/programs/<name>.cc` into a library that a program can be started with, in place of functions of the C library.
 *
 * @returns the environment variables that do so. The library is found by its name: a path in LD_PRELOAD must not have blanks.
 */
export function preload(name: string): Record<string, string> {
  const folder = temporaryDirectory()
  const source = fileURLToPath(new URL(`../programs/${name}.cc`, import.meta.url))
  execFileSync('sh', ['-c', COMPILE, 'sh', join(folder, `${name}.so`), source], { stdio: ['ignore', 'pipe', 'pipe'] })
  return { LD_PRELOAD: `${name}.so`, LD_LIBRARY_PATH: folder }
}
