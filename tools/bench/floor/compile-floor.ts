import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { compileOnce } from '../../evidence/preload/compile-once.js'

/** What was compiled for one run of the bench. */
export interface Floor {
  /** The program of `floor.cc`. */
  readonly program: string
  /** The program of `retained.cc`. */
  readonly retainedProgram: string
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
 * Compiles what is not there yet, with the compiler and the optimisation that the addon is built with.
 *
 * @throws when there is no compiler, with its complaint.
 */
export function compileFloor(): Floor {
  const require = createRequire(import.meta.url)
  const program = (name: string, ...others: string[]) =>
    compileOnce({
      name,
      sources: [join(sources, `${name}.cc`), ...others],
      flags: ['-std=c++20', '-O3', '-pthread', '-D_GNU_SOURCE'],
      include: [nativeSources],
    })
  const checksums = join(nativeSources, 'crc.cc')
  const headers: string = require('node-api-headers').include_dir
  const addon = compileOnce({
    name: 'empty-call.node',
    sources: [join(sources, 'empty-call.cc')],
    flags: ['-std=c++20', '-O3', '-fPIC', '-shared', '-DNAPI_VERSION=8', '-isystem', headers],
  })
  return {
    program: program('floor', checksums),
    retainedProgram: program('retained', checksums, join(nativeSources, 'file_blocks.cc')),
    oneWayProgram: program('one-way'),
    pingPongProgram: program('ping-pong', checksums),
    doNothing: require(addon),
  }
}

/** Runs a program of the floor and returns the figures that it prints. */
export function runFloor<T>(program: string, ...args: readonly (string | number)[]): T {
  return JSON.parse(execFileSync(program, args.map(String), { encoding: 'utf8' }))
}
