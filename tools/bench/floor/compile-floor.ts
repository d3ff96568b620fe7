import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What was compiled for one run of the bench. */
export interface Floor {
  /** The program of `floor.cc`. */
  readonly program: string
  /** A native function that does nothing. */
  readonly doNothing: () => void
}

/** The compiled bench lies in `tools/dist/bench/floor`; sources of other languages stay where they are. */
const repository = join(import.meta.dirname, '../../../..')
const sources = join(repository, 'tools/bench/floor')
const nativeSources = join(repository, 'packages/native/cpp')

/**
 * Compiles into `directory`, with the compiler and the optimisation that the addon is built with.
 *
 * @throws when there is no compiler, with its complaint.
 */
export function compileFloor(directory: string): Floor {
  const require = createRequire(import.meta.url)
  const compiler = process.env['CXX'] || 'c++'
  const flags = ['-std=c++20', '-O3', '-pthread', '-D_GNU_SOURCE', '-I', nativeSources]
  const program = join(directory, 'floor')
  execFileSync(compiler, [...flags, join(sources, 'floor.cc'), join(nativeSources, 'crc.cc'), '-o', program])
  const addon = join(directory, 'empty-call.node')
  const headers: string = require('node-api-headers').include_dir
  const addonFlags = ['-std=c++20', '-O3', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-isystem', headers]
  execFileSync(compiler, [...addonFlags, join(sources, 'empty-call.cc'), '-o', addon])
  return { program, doNothing: require(addon) }
}

/** Runs the floor and returns the figures that it prints. */
export function runFloor<T>(floor: Floor, ...args: readonly (string | number)[]): T {
  return JSON.parse(execFileSync(floor.program, args.map(String), { encoding: 'utf8' }))
}
