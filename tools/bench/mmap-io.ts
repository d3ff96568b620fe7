import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The part of the package `mmap-io` that the baseline uses. */
export interface MmapIo {
  readonly PROT_READ: number
  readonly PROT_WRITE: number
  readonly MAP_SHARED: number
  map(size: number, protection: number, flags: number, fd: number): Buffer
}

/** The package, or one sentence that says why there is none. */
export type MmapIoAvailability = { readonly mmapIo: MmapIo } | { readonly missing: string }

/**
 * Loads `mmap-io`, compiling it first where that was not done yet. Installing this workspace never compiles it: it wants the headers of the running
 * Node version, or a download, and neither may stand between a newcomer and the first test.
 */
export function loadMmapIo(): MmapIoAvailability {
  const require = createRequire(import.meta.url)
  try {
    return { mmapIo: require('mmap-io') }
  } catch {
    const problem = compile(require)
    if (problem !== undefined) return { missing: problem }
  }
  try {
    return { mmapIo: require('mmap-io') }
  } catch (error) {
    return { missing: `mmap-io was compiled and does not load: ${error instanceof Error ? error.message.split('\n')[0] : error}` }
  }
}

/** Compiles in place; returns what stood in the way. */
function compile(require: NodeJS.Require): string | undefined {
  const headers = findNodeHeaders()
  if (headers === undefined) {
    return `mmap-io is not measured: it needs the headers of Node.js ${process.versions.node} (node.h), which are not installed here`
  }
  const folder = dirname(require.resolve('mmap-io/package.json'))
  const builder = require.resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp')
  const { status } = spawnSync(process.execPath, [builder, 'rebuild', `--nodedir=${headers}`], { cwd: folder, stdio: 'ignore' })
  return status === 0 ? undefined : 'mmap-io is not measured: it does not compile here'
}

/** The folder above `include/`, where `node.h` is. */
function findNodeHeaders(): string | undefined {
  const beside = join(dirname(process.execPath), '..')
  const candidates = [process.env['npm_config_nodedir'], beside, '/usr', '/usr/local']
  return candidates.find((folder) => folder !== undefined && existsSync(join(folder, 'include', 'node', 'node.h')))
}
