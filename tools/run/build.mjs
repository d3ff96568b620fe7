import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PreparationError } from './preparation-error.mjs'
import { removeStaleOutputs } from './stale-outputs.mjs'

/** Folders that hold packages with a build of their own. */
const BUILT_FOLDERS = ['packages', 'examples', 'tools']
const OUTPUT_FOLDERS = ['dist', 'build']
const ROOT_INPUTS = ['package.json', 'package-lock.json', 'nx.json', 'tsconfig.base.json']

/**
 * Whether nothing changed since the last build.
 *
 * nx would find that out too, but takes more than a second to say so; hashing the sources takes a few hundredths of one.
 *
 * @param {string} root
 */
export function isBuilt(root) {
  const stamp = stampPath(root)
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === buildState(root)
}

/**
 * Builds the addon and every package through nx, unless nothing changed since the last build.
 *
 * @param {string} root
 */
export function buildPackages(root) {
  if (isBuilt(root)) return
  const stamp = stampPath(root)
  rmSync(stamp, { force: true })
  runNx(root)
  removeStaleOutputs(root)
  writeFileSync(stamp, buildState(root))
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.chronicle-built')
}

/** @param {string} root */
function runNx(root) {
  console.error('building the addon and the packages')
  const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js')
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true', FORCE_COLOR: '0' }
  const options = ['run-many', '-t', 'build', '--outputStyle=static']
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [nx, ...options], {
    cwd: root,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  })
  if (status === 0) return
  throw new PreparationError(
    `${stdout ?? ''}${stderr ?? ''}build failed (${error?.message ?? `exit code ${status}`}); what the compilers said stands above`,
  )
}

/**
 * Sources by content and outputs by size and time, as one hash: a changed source and a missing or touched output both mean work.
 *
 * @param {string} root
 */
function buildState(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.env['CXX'] ?? ''}\n`)
  for (const name of ROOT_INPUTS) hash.update(`${name}\n`).update(readFileSync(join(root, name)))
  for (const folder of BUILT_FOLDERS) hashFolder(hash, root, folder)
  return hash.digest('hex')
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} root
 * @param {string} folder
 */
function hashFolder(hash, root, folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (OUTPUT_FOLDERS.includes(entry.name)) hashOutputs(hash, root, path)
      else if (!isLeftOut(entry.name)) hashFolder(hash, root, path)
    } else if (entry.isFile() && !isLeftOut(entry.name)) hash.update(`${path}\n`).update(readFileSync(join(root, path)))
  }
}

/**
 * Tests, words and hidden files have no part in a build.
 *
 * @param {string} name
 */
function isLeftOut(name) {
  return (
    name === 'node_modules' || name === 'test' || name.startsWith('.') || name.endsWith('.md') || /\.test\.[a-z]+$/.test(name)
  )
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} root
 * @param {string} folder
 */
function hashOutputs(hash, root, folder) {
  for (const path of readdirSync(join(root, folder), { encoding: 'utf8', recursive: true }).sort()) {
    const { size, mtimeMs } = statSync(join(root, folder, path))
    hash.update(`${folder}/${path} ${size} ${mtimeMs}\n`)
  }
}
