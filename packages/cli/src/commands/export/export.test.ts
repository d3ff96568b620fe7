import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../test/support/build-queue.js'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { BIN, exitOf, readUntil, runCli, startCli } from '../../../test/support/run-cli.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('the file of an export', () => {
  it('L68: is as it was when the queue cannot be read', () => {
    const file = folder.join('day.ndjson')
    writeFileSync(file, 'of yesterday\n')
    expect(runCli(['export', folder.join('mistyped'), '-o', file]).exitCode).toBe(1)
    mkdirSync(folder.join('no-queue'))
    expect(runCli(['export', folder.join('no-queue'), '-o', file]).exitCode).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe('of yesterday\n')
    expect(readdirSync(folder.path).sort()).toEqual(['day.ndjson', 'no-queue'])
  })

  it('is replaced as a whole, and keeps its mode and the link that leads to it', () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(3) })
    writeFileSync(folder.join('day.ndjson'), 'of yesterday\n')
    chmodSync(folder.join('day.ndjson'), 0o640)
    symlinkSync('day.ndjson', folder.join('link'))
    const before = statSync(folder.join('day.ndjson'))
    expect(runCli(['export', queue, '-o', folder.join('link')]).exitCode).toBe(0)
    const after = statSync(folder.join('day.ndjson'))
    expect({ isNew: after.ino !== before.ino, mode: after.mode }).toEqual({ isNew: true, mode: before.mode })
    expect(lines(readFileSync(folder.join('link'), 'utf8'))).toBe(3)
    expect(readdirSync(folder.path).sort()).toEqual(['day.ndjson', 'link', 'queue'])
  })

  it.runIf(existsSync('/dev/full'))('may be a device, and says when that takes nothing more', () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(3) })
    expect(runCli(['export', queue, '-o', '/dev/null']).exitCode).toBe(0)
    const { exitCode, stderr } = runCli(['export', queue, '-o', '/dev/full'])
    expect({ exitCode, says: stderr.includes('path=/dev/full (ERR_NO_SPACE)') }).toEqual({ exitCode: 1, says: true })
  })
})

it('an export into a directory that does not exist names the directory, and no temporary file', () => {
  const queue = folder.join('queue')
  buildQueue(queue, { payloads: textPayloads(3) })
  const { exitCode, stderr } = runCli(['export', queue, '-o', folder.join('missing/file.ndjson')])
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`path=${folder.join('missing')} (ERR_NOT_FOUND)`)
})

describe('an export of a queue that is being written to', () => {
  it('L68: ends at the end that was there when it began', async () => {
    const queue = folder.join('live')
    using writer = openWriter(queue, { segmentSize: 65_536 })
    const append = (count: number) => {
      for (let index = 0; index < count; index += 1) writer.append(1, Buffer.alloc(1000, 0x61))
    }
    append(2000)
    const child = startCli(['export', queue])
    // It has begun, and waits for its pipe to be emptied.
    child.stdout.pause()
    await new Promise((resolve) => child.stdout.once('readable', resolve))
    append(2000)
    const output = await readUntil(child, () => false)
    expect(lines(output)).toBe(2000)
    expect(await exitOf(child)).toBe(0)
  })
})

describe('the memory of a command whose output is taken slowly', () => {
  /** Runs a command into a reader that begins late, and prints the peak of the command's resident memory in KiB. */
  const SLOW_READER = `
import os, resource, subprocess, sys, time
command = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
time.sleep(2)
total = 0
while chunk := os.read(command.stdout.fileno(), 1 << 20): total += len(chunk)
command.wait()
print(total, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
`

  it('L68: is bounded', () => {
    const queue = folder.join('queue')
    using writer = openWriter(queue, { segmentSize: 16 << 20 })
    for (let index = 0; index < 2000; index += 1) writer.append(1, Buffer.alloc(100_000, 0x61))
    writer.close()
    const printed = execFileSync('python3', ['-c', SLOW_READER, process.execPath, BIN, 'export', queue], { encoding: 'utf8' })
    const [bytes = 0, peakKiB = 0] = printed.trim().split(' ').map(Number)
    expect(bytes).toBeGreaterThan(200e6)
    expect(peakKiB * 1024).toBeLessThan(bytes)
  })
})

describe('an export that a signal ends', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('exits with what %s stands for', async (signal, exitCode) => {
    // More than a pipe takes that is not read.
    buildQueue(folder.join('queue'), { payloads: Array.from({ length: 3000 }, () => Buffer.alloc(1000, 0x61)) })
    const child = startCli(['export', folder.join('queue')])
    await new Promise((resolve) => child.stdout.once('readable', resolve))
    child.kill(signal)
    expect(await exitOf(child)).toBe(exitCode)
  })
})

describe('CSV for spreadsheets', () => {
  it('with --safe holds no cell that one runs as a formula', () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', 'plain', '"=1"'].map((text) => Buffer.from(text)) })
    const cells = runCli(['export', queue, '--format', 'csv', '--safe'])
      .stdout.trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[7])
    expect(cells).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", 'plain', '"""=1"""'])
    expect(runCli(['export', queue, '--safe']).exitCode).toBe(1)
  })
})

function lines(text: string): number {
  return text.split('\n').length - 1
}
