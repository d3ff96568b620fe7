// Takes something away in the middle of what a writer does, and prints findings as a JSON array. Arguments: scenario, folder.
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openObserver, openReader, openWriter, QueueError } from '@chronicle-ts/core'
import { inspectQueue } from '@chronicle-ts/inspect'

const [, , scenario, folder] = process.argv
const findings = []
const payload = Buffer.alloc(500, 7)

function expect(name, actual, ...allowed) {
  if (!allowed.includes(actual)) findings.push(`${name}: ${actual} instead of ${allowed.join(' or ')}`)
}

function codeOf(name, operation) {
  try {
    operation()
    return 'none'
  } catch (error) {
    if (!(error instanceof QueueError)) findings.push(`${name}: ${error?.stack ?? error}`)
    return error.code
  }
}

function holdAllDescriptorsBut(free) {
  const held = []
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch {
    for (let count = 0; count < free; count++) closeSync(held.pop())
    return held
  }
}

/** The machine stops and starts again, and the disk has kept everything: what was flushed must count, independent of the mark. */
function countAfterPowerCut(directory) {
  const fd = openSync(join(directory, 'control.meta'), 'r+')
  writeSync(fd, Buffer.alloc(16, 7), 0, 16, 32)
  closeSync(fd)
  openWriter(directory).close()
  const observer = openObserver(directory)
  let count = 0
  while (observer.next() !== undefined) count++
  observer.close()
  return count
}

/** What holds for a writer after any step failed: it goes on, and its mark is true. */
function checkTruth(name, writer, directory) {
  expect(
    `${name}: append afterwards`,
    codeOf(name, () => writer.append(1, payload)),
    'none',
  )
  expect(
    `${name}: flush afterwards`,
    codeOf(name, () => writer.flushSync()),
    'none',
  )
  const { segmentId, offset } = writer.position
  const { durable } = inspectQueue(directory)
  expect(`${name}: segment of the mark`, durable?.segmentId, segmentId)
  expect(`${name}: offset of the mark`, durable?.offset, offset)
  const flushed = writer.durableSequence
  expect(`${name}: durable`, flushed, writer.nextSequence)
  expect(
    `${name}: close`,
    codeOf(name, () => writer.close()),
    'none',
  )
  expect(`${name}: messages after a power cut`, countAfterPowerCut(directory), flushed)
}

function descriptors() {
  for (let free = 0; free < 8; free++) {
    const directory = join(folder, `queue-${free}`)
    const options = { segmentSize: 4096, heartbeatIntervalMs: 0 }
    const first = openWriter(directory, options)
    for (let count = 0; count < 20; count++) first.append(1, payload)
    first.flushSync()
    first.close()
    const writer = openWriter(directory, options)
    const held = holdAllDescriptorsBut(free)
    for (let count = 0; count < 30; count++)
      expect(
        `append with ${free} descriptors`,
        codeOf('append', () => writer.append(1, payload)),
        'none',
        'ERR_LIMIT',
      )
    for (const fd of held) closeSync(fd)
    checkTruth(`${free} descriptors`, writer, directory)
  }
}

function threads() {
  writeFileSync(process.env.THREAD_REFUSALS, '')
  const directory = join(folder, 'queue')
  const writer = openWriter(directory, { segmentSize: 4096, heartbeatIntervalMs: 0, retention: { consumed: true } })
  const reader = openReader(directory, 'r')
  for (let count = 0; count < 50; count++) {
    writer.append(1, payload)
    expect('next', reader.next()?.sequence, count)
    reader.commit()
  }
  writer.flushSync()
  expect('rolls', writer.metrics().rolls > 5, true)
  expect(
    'reader.close()',
    codeOf('reader', () => reader.close()),
    'none',
  )
  expect(
    'close()',
    codeOf('close', () => writer.close()),
    'none',
  )
  expect('closed', writer.closed, true)
  const again = openWriter(directory)
  openReader(directory, 'r').close()
  rmSync(process.env.THREAD_REFUSALS)
  again.append(1, payload)
  again.close()
}

/** An open that fails in any of its steps leaves nothing: L46. */
function opening() {
  const directory = join(folder, 'queue')
  const first = openWriter(directory, { segmentSize: 4096 })
  for (let count = 0; count < 20; count++) first.append(1, payload)
  first.close()
  let failed = 0
  for (let free = 0; free < 12; free++) {
    const before = readdirSync('/proc/self/fd').length
    const held = holdAllDescriptorsBut(free)
    const options = { flushPolicy: { everyMs: 500 }, rollAfterMs: 500, retention: { maxSegments: 9 } }
    let writer
    const code = codeOf('open', () => {
      writer = openWriter(directory, options)
    })
    for (const fd of held) closeSync(fd)
    expect(`open with ${free} descriptors`, code, 'none', 'ERR_LIMIT')
    writer?.close()
    if (code === 'none') continue
    failed++
    expect(`timers after ${free}`, process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, 0)
    expect(`mappings after ${free}`, readFileSync('/proc/self/maps', 'utf8').includes(directory), false)
    expect(`descriptors after ${free}`, readdirSync('/proc/self/fd').length, before)
    expect(
      `opening again after ${free}`,
      codeOf('again', () => openWriter(directory).close()),
      'none',
    )
  }
  if (failed < 4) findings.push(`only ${failed} opens failed`)
}

const scenarios = { descriptors, threads, opening }
scenarios[scenario]()
console.log(JSON.stringify(findings))
