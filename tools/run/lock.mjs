import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PreparationError } from './preparation-error.mjs'

const POLL_MS = 200

/**
 * Runs `work` while no other command prepares the same checkout: two first commands in two terminals would install over each other.
 *
 * A lock whose process is gone is taken over.
 *
 * @param {string} root
 * @param {() => Promise<void>} work
 */
export async function withCheckoutLock(root, work) {
  const path = join(root, '.preparing')
  await takeLock(path)
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    await work()
  } finally {
    process.removeListener('exit', release)
    release()
  }
}

/** @param {string} path */
async function takeLock(path) {
  let isWaiting = false
  while (!tryCreate(path)) {
    const holder = Number.parseInt(readIfThere(path) ?? '', 10)
    if (holder > 0 && !isRunning(holder)) rmSync(path, { force: true })
    else if (!isWaiting) {
      console.error(
        `waiting for another command that prepares this checkout (process ${holder}; remove ${path} if there is none)`,
      )
      isWaiting = true
    } else await sleep(POLL_MS)
  }
}

/** @param {string} path */
function tryCreate(path) {
  try {
    const file = openSync(path, 'wx')
    writeSync(file, `${process.pid}\n`)
    closeSync(file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    const reason = error instanceof Error ? error.message : String(error)
    throw new PreparationError(`this checkout is not up to date and cannot be written to: ${reason}`)
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
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

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
