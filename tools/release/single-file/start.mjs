/**
 * Where `chron-cli` as one file begins. The kernel loads an addon from a file only, so it is written to a folder of its own, loaded, and deleted: the mapping stays. A folder on a file system that
 * is mounted `noexec`, as /tmp often is, refuses the load; then the next one is tried.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import { ownLibrary } from '../../../packages/native/src/addon-files.ts'

/* global singleFile -- the banner of the bundle defines it */
const { addons, pageFiles } = singleFile
const load = createRequire(import.meta.url)

/** Addons that may fit this process: that of its C library, or what there is when neither is named. */
function fittingAddons() {
  const own = addons[ownLibrary() ?? '']
  return own === undefined ? Object.values(addons) : [own]
}

/** Folders that may take the addon, first choice first. */
function folders() {
  const { XDG_RUNTIME_DIR, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return [tmpdir(), XDG_RUNTIME_DIR, '/dev/shm', '/var/tmp', cache, dirname(process.argv[1] ?? process.execPath)].filter(Boolean)
}

/**
 * Writes an addon where it loads.
 *
 * @returns {string} its folder
 */
function unpackAddon() {
  const failures = []
  for (const parent of folders()) {
    let folder
    try {
      folder = mkdtempSync(join(parent, 'chron-cli-'))
      for (const [index, addon] of fittingAddons().entries()) {
        const path = join(folder, `chronicle-${index}.node`)
        writeFileSync(path, Buffer.from(addon, 'base64'))
        try {
          load(path)
          process.env.CHRONICLE_ADDON = path
          return folder
        } catch (error) {
          failures.push(error.message.split('\n')[0])
        }
      }
    } catch (error) {
      failures.push(error.message)
    }
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
  throw new Error(`the addon loads from no folder; set TMPDIR to one that may hold programs. Tried:\n  ${failures.join('\n  ')}`)
}

/** Unpacks the page of the dashboard until the process ends. */
singleFile.page = () => {
  if (pageFolder !== undefined) return pageFolder
  const folder = mkdtempSync(join(tmpdir(), 'chron-cli-'))
  pageFolder = folder
  for (const [name, content] of Object.entries(pageFiles)) writeFileSync(join(folder, name), Buffer.from(content, 'base64'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
let pageFolder

/** What Node.js is started with for a process that measures: in the executable the program is Node.js itself. */
const WORKER = '--bench-worker'
singleFile.worker = isSea() ? [WORKER] : [fileURLToPath(import.meta.url), WORKER]

async function start() {
  const named = process.env.CHRONICLE_ADDON
  const folder = named ? undefined : unpackAddon()
  const isWorker = process.argv[2] === WORKER
  let program
  try {
    // The worker reads its task where it is in a process of its own.
    if (isWorker) process.argv.splice(2, 1)
    program = await (isWorker
      ? import('../../../packages/cli/dist/commands/bench/bench-worker.js')
      : import('../../../packages/cli/dist/main.js'))
  } finally {
    if (folder !== undefined) {
      rmSync(folder, { recursive: true, force: true })
      delete process.env.CHRONICLE_ADDON
    }
  }
  if (!isWorker) process.exitCode = await program.main(process.argv.slice(2))
}

start().catch((error) => {
  console.error(`chron-cli: error: ${process.argv.includes('--debug') ? error.stack : error.message}`)
  process.exitCode = 1
})
