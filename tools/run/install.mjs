import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreparationError } from './preparation-error.mjs'
import { npmCommand } from './prerequisites.mjs'

/**
 * Whether `node_modules` holds what the lock file says, by the stamp of the last installation.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  return readIfThere(stampPath(root)) === installationKey(root)
}

/**
 * Installs what the lock file says, unless `node_modules` holds exactly that already.
 *
 * The stamp is written last and lives inside `node_modules`: an installation that was cut short, or removed, has none.
 *
 * @param {string} root
 */
export function installDependencies(root) {
  if (isInstalled(root)) return
  if (!isInstalledAsLocked(root)) runCleanInstall(root)
  writeFileSync(stampPath(root), installationKey(root))
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.chronicle-installed')
}

/** @param {string} root */
function runCleanInstall(root) {
  console.error('installing packages from package-lock.json')
  const [command = 'npm', ...prefix] = npmCommand(process.env) ?? []
  // NODE_ENV=production or an `omit` setting would leave out the compiler and the test runner.
  const complete = [
    'ci',
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  // npm's own patience without a network is several minutes.
  const network = ['--prefer-offline', '--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']
  const options = [...complete, ...network]
  const { status, signal, error } = spawnSync(command, [...prefix, ...options], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    const reason = error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`)
    throw new PreparationError(`npm ci failed (${reason}); the first run needs a package registry, later ones do not`)
  }
}

/**
 * Everything that decides what belongs into `node_modules`, as one hash.
 *
 * @param {string} root
 */
function installationKey(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const path of ['package-lock.json', ...manifestPaths(root)])
    hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  return hash.digest('hex')
}

/**
 * The package.json files of the root and of every workspace, sorted.
 *
 * @param {string} root
 */
function manifestPaths(root) {
  const packages = readdirSync(join(root, 'packages')).sort()
  const folders = [...packages.map((name) => `packages/${name}`), 'examples', 'tools']
  return ['package.json', ...folders.map((folder) => `${folder}/package.json`)].filter((path) => existsSync(join(root, path)))
}

/**
 * Whether a user's own `npm install` left what the lock file asks for. Npm writes `.package-lock.json` when it is through, and every package that is not optional must be
 * there in its version.
 *
 * @param {string} root
 */
function isInstalledAsLocked(root) {
  const installed = parseIfThere(join(root, 'node_modules', '.package-lock.json'))?.packages
  const locked = parseIfThere(join(root, 'package-lock.json'))?.packages
  if (!installed || !locked) return false
  return Object.entries(locked).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true
    if (entry.link) return existsSync(join(root, path, 'package.json'))
    if (!installed[path]) return entry.optional === true && !isBuiltForHere(entry)
    return parseIfThere(join(root, path, 'package.json'))?.version === entry.version
  })
}

/**
 * Whether this optional package is the binary for this machine, which must not be missing. The others come and go with the platform.
 *
 * @param {{ os?: string[], cpu?: string[], libc?: string[] }} entry
 */
function isBuiltForHere({ os, cpu, libc }) {
  if (!os || !cpu) return false
  return matches(os, process.platform) && matches(cpu, process.arch) && matches(libc, usesMusl() ? 'musl' : 'glibc')
}

function usesMusl() {
  return existsSync('/lib') && readdirSync('/lib').some((name) => name.startsWith('ld-musl-'))
}

/**
 * @param {string[] | undefined} accepted
 * @param {string} actual
 */
function matches(accepted, actual) {
  return !accepted || accepted.includes(actual)
}

/** @param {string} path */
function parseIfThere(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
