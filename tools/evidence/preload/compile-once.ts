import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** What the compiler makes, and of what. */
export interface Compilation {
  /** Name of the file that is made. */
  readonly name: string
  readonly sources: readonly string[]
  readonly flags: readonly string[]
  /** Arguments after the sources. */
  readonly libraries?: readonly string[]
  /** Folders whose headers the sources include, besides their own. */
  readonly include?: readonly string[]
}

/** Compiles a library that a program is started with, in place of functions of the C library (LD_PRELOAD). */
export function compilePreload(name: string, sources: readonly string[]): string {
  const flags = ['-std=c++17', '-O1', '-fPIC', '-shared', '-pthread', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror']
  return compileOnce({
    name,
    sources,
    flags,
    libraries: ['-ldl'],
    include: [join(rootOf(import.meta.dirname), 'tools/evidence/preload')],
  })
}

/**
 * The variables with which a program runs in front of the C library's functions with those of these libraries. They are found by their names: a path in LD_PRELOAD must not have
 * blanks.
 */
export function preloading(...libraries: readonly string[]): Record<'LD_PRELOAD' | 'LD_LIBRARY_PATH', string> {
  const list = (part: (path: string) => string) => libraries.map(part).join(':')
  return { LD_PRELOAD: list((path) => basename(path)), LD_LIBRARY_PATH: list(dirname) }
}

/**
 * Compiles unless the same was compiled before, with the same compiler, flags, sources and headers: compiling a library takes seconds, and many tests need the same. Processes
 * that compile at once do not meet, because the result is renamed to its place.
 *
 * @returns the path of what was made, in a folder that holds nothing else. Its name is as asked for.
 * @throws when there is no compiler, with its complaint
 */
export function compileOnce(compilation: Compilation): string {
  const { name, sources, flags, libraries = [], include = [] } = compilation
  const folder = join(cacheFolder(), `${name}-${keyOf(compilation)}`)
  const made = join(folder, name)
  if (existsSync(made)) return made
  mkdirSync(folder, { recursive: true })
  const draft = mkdtempSync(join(folder, 'draft-'))
  try {
    const includes = include.flatMap((path) => ['-I', path])
    compile([...flags, ...includes, '-o', join(draft, name), ...sources, ...libraries])
    renameSync(join(draft, name), made)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
  return made
}

/** The first compiler that is there; CXX may carry a wrapper or flags. */
function compile(args: readonly string[]): void {
  const [command = '', ...first] = compilers()[0] ?? []
  execFileSync(command, [...first, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
}

function compilers(): string[][] {
  const named = process.env['CXX']?.trim()
  return named ? [named.split(/\s+/)] : ['c++', 'g++', 'clang++'].filter(isInPath).map((command) => [command])
}

function isInPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, command)))
}

function keyOf({ sources, flags, libraries, include = [] }: Compilation): string {
  const hash = createHash('sha256').update(JSON.stringify([compilers()[0], flags, libraries, include, sources]))
  const folders = [...new Set([...sources.map((source) => dirname(source)), ...include])].sort()
  const headers = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(h|hpp)$/.test(name))
      .sort()
      .map((name) => join(folder, name)),
  )
  for (const path of [...sources, ...headers]) hash.update(`\0${basename(path)}\0`).update(readFileSync(path))
  return hash.digest('hex').slice(0, 16)
}

let ownFolder: string | undefined

/** Beside the packages, as other tools do it; a checkout that belongs to another user is only read, then the results last as long as this process. */
function cacheFolder(): string {
  const packages = join(rootOf(import.meta.dirname), 'node_modules')
  try {
    accessSync(packages, constants.W_OK)
    return join(packages, '.cache', 'chronicle-compiled')
  } catch {
    if (ownFolder === undefined) {
      const folder = mkdtempSync(join(tmpdir(), 'chronicle-compiled-'))
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
      ownFolder = folder
    }
    return ownFolder
  }
}

/** The checkout that a folder lies in: the same from the sources and from `tools/dist`. */
export function rootOf(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : rootOf(dirname(folder))
}
