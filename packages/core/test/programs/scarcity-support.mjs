// What the scenarios of scarcity share: the folder that they are given, what they found, and a file system of their own. Arguments: scenario, folder.
import { execFileSync, spawnSync } from 'node:child_process'
import { openObserver, QueueError } from '@chronicle-ts/core'

export const [, , scenario, folder] = process.argv
export const findings = []
export const payload = Buffer.alloc(500, 7)

/** The code of the queue's error, 'none' without one; any other error is a finding. */
export function codeOf(name, operation) {
  try {
    operation()
    return 'none'
  } catch (error) {
    if (!(error instanceof QueueError)) findings.push(`${name}: ${error?.stack ?? error}`)
    return error.code
  }
}

export function expect(name, actual, ...allowed) {
  if (!allowed.includes(actual)) findings.push(`${name}: ${actual} instead of ${allowed.join(' or ')}`)
}

export function use(handle, work) {
  try {
    return work(handle)
  } finally {
    handle.close()
  }
}

export function countMessages(directory) {
  return use(openObserver(directory), (observer) => {
    let count = 0
    for (let message = observer.next(); message !== undefined; message = observer.next()) {
      if (message.sequence !== count) findings.push(`sequence ${message.sequence} instead of ${count}`)
      count++
    }
    return count
  })
}

export function mount(kibibytes, ...more) {
  execFileSync('mount', ['-t', 'tmpfs', '-o', [`size=${kibibytes}k`, ...more].join(','), 'tmpfs', folder])
}

/** Segments are given back in the background: a moment long the file system may be busy. */
export function remount(option) {
  for (let tries = 0; ; tries++) {
    const { status, stderr } = spawnSync('mount', ['-o', `remount,${option}`, folder], { encoding: 'utf8' })
    if (status === 0) return
    if (tries === 50) throw new Error(stderr)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
}
