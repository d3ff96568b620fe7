/** What both builds of the addon share: the local one (`build.mjs`) and the prebuilt ones of the package (`prebuild.mjs`). */
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const folder = dirname(fileURLToPath(import.meta.url))
export const sourceFolder = join(folder, 'cpp')

export const compileFlags = [
  ...['-std=c++20', '-O3', '-fPIC', '-pthread', '-DNAPI_VERSION=8', '-D_GNU_SOURCE'],
  ...['-fvisibility=hidden', '-fno-exceptions', '-fno-rtti', '-fno-plt'],
]

// nodelete: Node closes the addon when a worker that loaded it ends, while threads of the addon may still run.
export const linkFlags = ['-shared', '-pthread', '-Wl,-z,nodelete', '-Wl,-z,relro', '-Wl,-z,now', '-Wl,--gc-sections']

/** Node-API's headers. */
export function headerFolder() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir
  } catch {
    return fail("The npm package 'node-api-headers' is missing: run npm install.")
  }
}

export function filesIn(directory, pattern) {
  return readdirSync(directory)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(directory, name))
}

export function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
