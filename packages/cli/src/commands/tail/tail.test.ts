import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../test/support/build-queue.js'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { BIN, exitOf, readUntil, runCli, runCliUnprivileged, startCli } from '../../../test/support/run-cli.js'

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli tail', () => {
  it.each([['text'], ['utf8'], ['json'], ['hex'], ['base64'], ['raw']])('prints the last messages as %s', async (format) => {
    const queue = folder.join('queue')
    const payloads = [...textPayloads(8, 20), Buffer.from([0, 1, 2, 0xff, 0xfe]), Buffer.from('Größe: 5 €'), Buffer.alloc(0)]
    buildQueue(queue, { payloads })
    const { exitCode, stdout, stderr } = runCli(['tail', queue, '-n', '4', '--format', format])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    await expect(folder.normalise(stdout)).toMatchFileSnapshot(`../../../test/golden/tail-${format}.txt`)
  })

  it('prints exactly the promised fields as NDJSON', () => {
    const queue = folder.copyGolden('rolled')
    const lines = runCli(['tail', queue, '--json', '-n', '60']).stdout.trimEnd().split('\n')
    const [first, last] = [lines[0], lines.at(-1)].map((line) => JSON.parse(line ?? '') as Record<string, unknown>)
    expect(lines).toHaveLength(60)
    expect(first).toEqual({
      sequence: 0,
      timestampNs: '1700000000000000000',
      typeId: 1,
      length: 0,
      segment: 0,
      offset: 64,
      text: '',
    })
    expect(Object.keys(last ?? {})).toEqual(['sequence', 'timestampNs', 'typeId', 'length', 'segment', 'offset', 'base64'])
    expect(crc32(Buffer.from(String(last?.['base64']), 'base64'))).toBeGreaterThan(0)
  })

  it('adds schema version, trace and source of a record that has them, as export does', () => {
    const queue = folder.join('queue')
    const source = { sourceSequence: 7, sourceId: 1, sourceEpoch: 3, outputIndex: 0, isLastOutput: true }
    const [traceId, spanId] = [Buffer.alloc(16, 0xab), Buffer.alloc(8, 0xcd)]
    {
      using writer = openWriter(queue, { segmentSize: 65_536 })
      writer.append(1, Buffer.from('plain'))
      writer.append(1, Buffer.from('traced'), { schemaVersion: 5, trace: { traceId, spanId, sampled: true } })
      writer.append(1, Buffer.from('made'), { source })
    }
    const { stdout } = runCli(['tail', queue, '--json'])
    const added = stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { schemaVersion, trace, source } = JSON.parse(line) as Record<string, unknown>
        return { schemaVersion, trace, source }
      })
    const trace = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), sampled: true, random: false }
    expect(added).toEqual([{}, { schemaVersion: 5, trace }, { source }])
    expect(runCli(['export', queue]).stdout).toBe(stdout)
  })

  it('shows ten messages by default, and none with -n 0', () => {
    const queue = folder.copyGolden('rolled')
    expect(sequences(runCli(['tail', queue, '--json']).stdout)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59])
    expect(runCli(['tail', queue, '--json', '-n', '0']).stdout).toBe('')
  })

  it.each([
    [
      ['--from-sequence', '57'],
      [57, 58, 59],
    ],
    [['--from-sequence', '57', '--limit', '1'], [57]],
    [
      ['--since', '1700000000000057000'],
      [57, 58, 59],
    ],
    [
      ['--since', '2023-11-14T22:13:20.000056000Z', '--until', '2023-11-14T22:13:20.000057Z'],
      [56, 57],
    ],
    [
      ['--type', '1', '-n', '2'],
      [49, 56],
    ],
    [
      ['--type', '1,2', '--since', '1700000000000055000'],
      [56, 57],
    ],
    [
      ['-n', '3', '--until', '1700000000000020000'],
      [18, 19, 20],
    ],
    [['-n', '0', '--type', '1'], []],
  ])('selects with %j', (args, expected) => {
    const queue = folder.copyGolden('rolled')
    const { exitCode, stdout } = runCli(['tail', queue, '--json', ...args])
    expect({ exitCode, sequences: sequences(stdout) }).toEqual({ exitCode: 0, sequences: expected })
  })

  it('greps payload text', () => {
    buildQueue(folder.join('queue'), { payloads: textPayloads(50) })
    expect(sequences(runCli(['tail', folder.join('queue'), '--json', '--grep', '/MESSAGE 1?7 /i']).stdout)).toEqual([7, 17])
  })

  it('merges several queues by time and names them', () => {
    const [a, b] = [folder.join('a'), folder.join('b')]
    buildQueue(a, { payloads: textPayloads(3), firstTimestampNs: 1000n })
    buildQueue(b, { payloads: textPayloads(3), firstTimestampNs: 1500n })
    const lines = runCli(['tail', a, b, '--json']).stdout.trimEnd().split('\n')
    const merged = lines.map((line) => JSON.parse(line) as { queue: string; timestampNs: string })
    expect(merged.map(({ queue, timestampNs }) => `${folder.normalise(queue)} ${timestampNs}`)).toEqual([
      '<root>/a 1000',
      '<root>/b 1500',
      '<root>/a 2000',
      '<root>/b 2500',
      '<root>/a 3000',
      '<root>/b 3500',
    ])
  })

  it('L31: leaves every byte and every time stamp of the queue as it was', () => {
    for (const name of ['rolled', 'restarted', 'killed', 'repaired']) {
      const queue = folder.copyGolden(name)
      const before = fingerprint(queue)
      runCli(['tail', queue, '-n', '100'])
      expect(fingerprint(queue)).toEqual(before)
    }
  })

  it('reports damage on standard error, delivers the rest, and exits with 3', () => {
    const queue = folder.join('queue')
    const { records } = buildQueue(queue, { payloads: textPayloads(20) })
    const fd = openSync(join(queue, '000000000.q'), 'r+')
    writeSync(fd, 'X', (records[5]?.offset ?? 0) + 70)
    const { exitCode, stdout, stderr } = runCli(['tail', queue, '--json', '-n', '20'])
    expect(exitCode).toBe(3)
    expect(sequences(stdout)).toHaveLength(19)
    expect(JSON.parse(stderr)).toMatchObject({ level: 40, code: 'RECORD_BAD_PAYLOAD_CRC' })
  })

  it('reads a segment that was cut short under it', () => {
    const queue = folder.copyGolden('rolled')
    truncateSync(join(queue, '000000001.q'), 100)
    expect(runCli(['tail', queue, '-n', '60', '--format', 'hex']).exitCode).toBe(3)
  })

  it('escapes control characters of payloads on its way to text', () => {
    buildQueue(folder.join('queue'), { payloads: [Buffer.from('\u001b]0;title\u0007')] })
    expect(runCli(['tail', folder.join('queue')]).stdout).not.toContain('\u001b')
  })
})

describe('chron-cli tail where there is nothing to read', () => {
  it.each([
    ['a missing directory', () => folder.join('missing'), 'ERR_NOT_FOUND'],
    ['an empty directory', () => folder.path, 'ERR_NOT_A_QUEUE'],
    ['a file', () => file('notes.txt'), 'ERR_NOT_A_QUEUE'],
    ['a directory of something else', () => join(file('stuff/notes.txt'), '..'), 'ERR_NOT_A_QUEUE'],
  ])('exits with 1 and one line on %s', (_, path, code) => {
    const { exitCode, stdout, stderr } = runCli(['tail', path()])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain(code)
  })

  it('survives a queue whose every file is empty, or a directory', () => {
    const empty = folder.join('empty')
    mkdirSync(empty)
    for (const name of ['control.meta', '000000000.q', 'writer.lock']) writeFileSync(join(empty, name), '')
    expect(runCli(['tail', empty]).exitCode).not.toBeNull()
    const odd = folder.join('odd')
    mkdirSync(join(odd, 'control.meta'), { recursive: true })
    mkdirSync(join(odd, '000000000.q'))
    symlinkSync('000000002.q', join(odd, '000000002.q'))
    expect(runCli(['tail', odd]).exitCode).toBe(3)
  })

  it('says which option is wrong', () => {
    const { exitCode, stderr } = runCli(['tail', folder.copyGolden('rolled'), '--since', 'yesterday'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain("option '--since <time>' argument 'yesterday' is invalid")
  })

  function file(name: string): string {
    mkdirSync(join(folder.path, 'stuff'), { recursive: true })
    writeFileSync(folder.join(name), 'hello')
    return folder.join(name)
  }
})

describe('chron-cli tail of a queue that is being written to', () => {
  it.each([[['-n', '2000']], [['-n', '2000', '--grep', 'a']], [['--from-sequence', '0']]])(
    'L68: ends at the end that was there when it began: %j',
    async (options) => {
      const queue = folder.join('live')
      using writer = openWriter(queue, { segmentSize: 65_536 })
      const append = (count: number) => {
        for (let index = 0; index < count; index += 1) writer.append(1, Buffer.alloc(1000, 0x61))
      }
      append(2000)
      const child = startCli(['tail', queue, '--json', ...options])
      // It has begun, and waits for its pipe to be emptied.
      child.stdout.pause()
      await new Promise((resolve) => child.stdout.once('readable', resolve))
      append(2000)
      const output = await readUntil(child, () => false)
      expect(output.trimEnd().split('\n')).toHaveLength(2000)
      expect(await exitOf(child)).toBe(0)
    },
  )
})

describe('chron-cli tail -f', () => {
  it('shows each message when it comes, until SIGINT, which is a clean end', async () => {
    const queue = folder.join('queue')
    const built = buildQueue(queue, { payloads: textPayloads(3) })
    const child = startCli(['tail', queue, '-f', '--json', '-n', '1'])
    expect(sequences(await readUntil(child, (text) => text.includes('\n')))).toEqual([2])
    child.kill('SIGINT')
    expect(await exitOf(child)).toBe(0)
    expect(built.records).toHaveLength(3)
  })

  it('L2: follows a live writer over many rolls and misses nothing', async () => {
    const queue = folder.join('live')
    const total = 3000
    using writer = openWriter(queue, { segmentSize: 4096 })
    writer.append(1, Buffer.from('first'))
    const child = startCli(['tail', queue, '-f', '--json', '--from-sequence', '0', '--limit', String(total)])
    const output = readUntil(child, (text) => text.endsWith('\n') && text.split('\n').length > total)
    for (let sent = 1; sent < total; ) {
      for (let burst = 0; burst < 50 && sent < total; burst += 1, sent += 1) writer.append(1, Buffer.alloc(sent % 200, 0x61))
      await turn()
    }
    expect(sequences(await output)).toEqual(Array.from({ length: total }, (_, index) => index))
    expect(await exitOf(child)).toBe(0)
    expect(readdirSync(queue).filter((name) => name.endsWith('.q')).length).toBeGreaterThan(100)
  })

  it('ends quietly when its output is closed', async () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(2000) })
    const child = startCli(['tail', queue, '-n', '2000'])
    child.stdout.destroy()
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += String(chunk)
    })
    expect(await exitOf(child)).toBe(0)
    expect(errors).toBe('')
  })

  it.each([
    ['a pipe', 'exec "$0" "$1" tail "$2" -n 1 -f'],
    ['a pipe that a search keeps empty', 'exec "$0" "$1" tail "$2" -n 1 -f --grep nothing'],
  ])('ends when the other end of %s is closed, although no message comes', (_, command) => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(3) })
    // The shell waits for both ends. What ends without reading closes the pipe before anything is written.
    const { status, stderr } = spawnSync('sh', ['-c', `(${command}) | true`, process.execPath, BIN, queue], { timeout: 50_000 })
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' })
  })

  it('ends when the other end of a socket is closed, although no message comes', async () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(3) })
    const child = startCli(['tail', queue, '-n', '1', '-f', '--json'])
    await readUntil(child, (text) => text.includes('\n'))
    child.stdout.destroy()
    expect(await exitOf(child)).toBe(0)
  })

  it('L9: pins nothing and leaves no trace of itself behind', async () => {
    const queue = folder.copyGolden('killed')
    const before = fingerprint(queue)
    const child = startCli(['tail', queue, '-f', '-n', '1', '--format', 'hex'])
    await readUntil(child, (text) => text.includes('\n'))
    child.kill('SIGKILL')
    await exitOf(child)
    expect(fingerprint(queue)).toEqual(before)
  })

  it('ends with 3 when the queue is removed', async () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(3) })
    const child = startCli(['tail', queue, '-f', '--json'])
    await readUntil(child, (text) => text.includes('\n'))
    folder.remove()
    expect(await exitOf(child)).toBe(3)
  })
})

describe('chron-cli tail with a pattern that never ends', () => {
  const FOREVER = '(a+)+$'
  const NEVER_ENDS = Buffer.from(`${'a'.repeat(60)}b`)

  it('L68: ends on SIGINT in the middle of the search, with 130 where that is not a clean end', async () => {
    const queue = folder.join('live')
    using writer = openWriter(queue, { segmentSize: 4096 })
    writer.append(1, Buffer.from('aa'))
    const child = startCli(['tail', queue, '-f', '--json', '--limit', '5', '--grep', FOREVER])
    await readUntil(child, (text) => text.includes('\n'))
    writer.append(1, NEVER_ENDS)
    // Its thread is the only one that works all the time.
    while (!isRunning(child.pid)) await turn()
    child.kill('SIGINT')
    expect(await exitOf(child)).toBe(0)
    // More than one search, and than one write, takes.
    buildQueue(folder.join('queue'), { payloads: [...Array.from({ length: 300 }, () => Buffer.alloc(1000, 0x61)), NEVER_ENDS] })
    const stopped = startCli(['tail', folder.join('queue'), '--from-sequence', '0', '--json', '--grep', FOREVER])
    await new Promise((resolve) => stopped.stdout.once('readable', resolve))
    stopped.stdout.resume()
    stopped.kill('SIGINT')
    expect(await exitOf(stopped)).toBe(130)
  })

  it('L68: gives up on the pattern, and says so', () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: [NEVER_ENDS] })
    const { exitCode, stderr } = runCli(['tail', queue, '--grep', FOREVER])
    expect({ exitCode, says: stderr.includes('takes too long') }).toEqual({ exitCode: 1, says: true })
  })

  function isRunning(pid: number | undefined): boolean {
    const stateOf = (stat: string) => stat.slice(stat.lastIndexOf(')') + 2)[0]
    return readdirSync(`/proc/${pid}/task`).some(
      (task) => stateOf(readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1')) === 'R',
    )
  }
})

describe('chron-cli tail as an unprivileged user', () => {
  it('needs read permission only', () => {
    const queue = folder.copyGolden('rolled')
    folder.protect(queue)
    expect(sequences(runCliUnprivileged(['tail', queue, '--json', '-n', '2']).stdout)).toEqual([58, 59])
  })

  it('says so when it may not read', () => {
    const queue = folder.copyGolden('rolled')
    folder.protect(queue)
    chmodSync(join(queue, '000000003.q'), 0)
    const { exitCode, stderr } = runCliUnprivileged(['tail', queue, '--json'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('EACCES')
    chmodSync(queue, 0)
    expect(runCliUnprivileged(['tail', queue]).exitCode).toBe(1)
  })
})

function sequences(ndjson: string): number[] {
  const lines = ndjson.split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as { sequence: number }).sequence)
}
