import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** What was compiled for one run of the bench. */
export interface Floor {
  /** The program of `floor.cc`. */
  readonly program: string
  /** The program of `one-way.cc`. */
  readonly oneWayProgram: string
  /** The program of `ping-pong.cc`. */
  readonly pingPongProgram: string
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
  const oneWayProgram = join(directory, 'one-way')
  execFileSync(compiler, [...flags, join(sources, 'one-way.cc'), '-o', oneWayProgram])
  const pingPongProgram = join(directory, 'ping-pong')
  execFileSync(compiler, [...flags, join(sources, 'ping-pong.cc'), join(nativeSources, 'crc.cc'), '-o', pingPongProgram])
  const addon = join(directory, 'empty-call.node')
  const headers: string = require('node-api-headers').include_dir
  const addonFlags = ['-std=c++20', '-O3', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-isystem', headers]
  execFileSync(compiler, [...addonFlags, join(sources, 'empty-call.cc'), '-o', addon])
  return { program, oneWayProgram, pingPongProgram, doNothing: require(addon) }
}

/** Runs a program of the floor and returns the figures that it prints. */
export function runFloor<T>(program: string, ...args: readonly (string | number)[]): T {
  return JSON.parse(execFileSync(program, args.map(String), { encoding: 'utf8' }))
}
