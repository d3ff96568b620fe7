import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

const MINIMUM_NODE = { major: 20, minor: 19 }
const COMPILERS = ['c++', 'g++', 'clang++']

/**
 * One line per prerequisite that this machine lacks, each with what to do about it; empty when all are there.
 *
 * Looks programs up instead of starting them: a lookup costs microseconds, `npm --version` a quarter of a second.
 *
 * @param {{ platform: string, nodeVersion: string, env: Record<string, string | undefined> }} machine
 * @returns {string[]}
 */
export function missingPrerequisites({ platform, nodeVersion, env }) {
  const lines = []
  if (platform !== 'linux')
    lines.push(`missing prerequisite: Linux (this is ${platform}); futexes and fallocate exist nowhere else`)
  if (!isRecentEnough(nodeVersion)) {
    lines.push(
      `missing prerequisite: Node.js ${MINIMUM_NODE.major}.${MINIMUM_NODE.minor} or newer (this is ${nodeVersion}); see https://nodejs.org`,
    )
  }
  if (!npmCommand(env))
    lines.push('missing prerequisite: npm (not found in PATH); it comes with Node.js, Debian has it as a package of its own')
  if (!compilerCommand(env)) {
    const wanted = env['CXX'] ? `CXX names ${env['CXX']}, which is not there` : `none of ${COMPILERS.join(', ')} found in PATH`
    lines.push(`missing prerequisite: a C++ compiler (${wanted}); Debian and Ubuntu: apt-get install g++`)
  }
  if (!findExecutable('python3', env)) {
    lines.push('missing prerequisite: python3 (not found in PATH); Debian and Ubuntu: apt-get install python3')
  }
  return lines
}

/**
 * Command line that starts npm: the npm that started us where there is one, else the one in PATH.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {string[] | undefined}
 */
export function npmCommand(env) {
  const script = env['npm_execpath']
  if (script?.endsWith('npm-cli.js') && isReadableFile(script)) return [process.execPath, script]
  const found = findExecutable('npm', env)
  return found ? [found] : undefined
}

/** @param {Record<string, string | undefined>} env */
function compilerCommand(env) {
  // CXX may carry a wrapper or flags ("ccache g++ -m64"): its first word is the program.
  const candidates = env['CXX'] ? [env['CXX'].trim().split(/\s+/)[0] ?? ''] : COMPILERS
  return candidates.map((name) => findExecutable(name, env)).find(Boolean)
}

/** @param {string} version */
function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > MINIMUM_NODE.major || (major === MINIMUM_NODE.major && minor >= MINIMUM_NODE.minor)
}

/**
 * @param {string} name
 * @param {Record<string, string | undefined>} env
 */
function findExecutable(name, env) {
  if (name.includes('/')) return isAbsolute(name) && isExecutableFile(name) ? name : undefined
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, name)).find(isExecutableFile)
}

/** @param {string} path */
function isExecutableFile(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** @param {string} path */
function isReadableFile(path) {
  try {
    accessSync(path, constants.R_OK)
    return true
  } catch {
    return false
  }
}
