import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))
export const sourceFolder = join(packageFolder, 'cpp')
export const testFolder = join(sourceFolder, 'test')

const COMMON = ['-std=c++20', '-O1', '-g', '-pthread', '-D_GNU_SOURCE', '-fno-omit-frame-pointer']

/** gcc warns that its thread sanitizer does not know fences: at worst it reports what is in order. */
const FENCES = '-Wno-tsan'

/** Whether a command is there. */
export function exists(command) {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** The first that runs; clang first, because it brings the fuzzer. */
export function findCompiler() {
  const compiler = [process.env.CXX, 'clang++', 'c++', 'g++'].find((name) => name && exists(name))
  if (compiler) return compiler
  process.stderr.write('A C++ compiler is missing: install g++ or clang, or name one in CXX.\n')
  return process.exit(1)
}

/** Builds a program of the hot loops, which know nothing of JavaScript, and the named test files. */
export function buildCores({ compiler, sanitizers, tests, program }) {
  const sources = [
    ...['crc.cc', 'slots.cc'].map((name) => join(sourceFolder, name)),
    ...tests.map((name) => join(testFolder, name)),
  ]
  const flags = [...COMMON, '-Wall', '-Wextra', '-Werror', `-fsanitize=${sanitizers}`, '-fno-sanitize-recover=undefined']
  if (sanitizers === 'thread' && !compiler.includes('clang')) flags.push(FENCES)
  execFileSync(compiler, [...flags, ...sources, '-o', program], { stdio: 'inherit' })
  return program
}

/**
 * Builds these sources as an addon. The runtime of its sanitizer must be loaded ahead of it into a Node that knows nothing of sanitizers. So it is linked as a shared library,
 * which gcc does by default.
 */
export function buildAddon({ sanitizers, sources, addon }) {
  const flags = ['-fPIC', '-shared', '-DNAPI_VERSION=8', '-fvisibility=hidden', '-fno-exceptions', `-fsanitize=${sanitizers}`]
  const headers = createRequire(import.meta.url)('node-api-headers').include_dir
  const thread = sanitizers === 'thread' ? [FENCES] : ['-fno-sanitize-recover=undefined']
  execFileSync('g++', [...COMMON, ...flags, ...thread, '-Wl,-z,nodelete', '-isystem', headers, ...sources, '-o', addon], {
    stdio: 'inherit',
  })
  return addon
}

export function addonSources() {
  return readdirSync(sourceFolder)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(sourceFolder, name))
}

/** Where gcc has the runtime of a sanitizer, `undefined` where it has none. */
export function runtimeOf(name) {
  if (!exists('g++')) return undefined
  const path = execFileSync('g++', [`-print-file-name=lib${name}.so`], { encoding: 'utf8' }).trim()
  return path.startsWith('/') ? path : undefined
}
