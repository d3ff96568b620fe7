import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { inspectQueue, openColdReader } from '@chronicle-ts/inspect'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { exitOf, runCli, runCliProcess, startCli } from '../../../test/support/run-cli.js'

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.join('queue')
})
afterEach(() => folder.remove())

function importText(text: string | Buffer, ...args: string[]): ReturnType<typeof runCli> {
  writeFileSync(folder.join('input'), text)
  return runCli(['import', queue, folder.join('input'), '--segment-size', '4096', ...args])
}

function texts(): string[] {
  using reader = openColdReader(queue)
  return Array.from(reader, (item) => (item.kind === 'record' ? `${item.typeId}:${item.payload.toString()}` : [])).flat()
}

describe('an import that was cut off', () => {
  it('L68: says how many messages are in, and is repeated without a message twice', () => {
    const good = ['a', 'b', 'c'].map((text) => `{"typeId":1,"text":"${text}"}\n`).join('')
    const cut = importText(`${good}not json\n`, '--yes')
    expect(cut.exitCode).toBe(1)
    expect(cut.stderr).toContain('3 messages of the input are in')
    expect(cut.stderr).toContain('--resume 0')
    const { stdout } = importText(`${good}{"typeId":1,"text":"d"}\n`, '--yes', '--resume', '0', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ messages: 1, skipped: 3, firstSequence: 0, written: true })
    expect(texts()).toEqual(['1:a', '1:b', '1:c', '1:d'])
    expect(importText(`${good}{"typeId":1,"text":"d"}\n`, '--yes', '--resume').exitCode).toBe(0)
    expect(texts()).toHaveLength(4)
  })

  it('goes on in a queue that held other messages before', () => {
    importText('old\nolder\n', '--format', 'lines', '--yes')
    importText('a\na\n', '--format', 'lines', '--yes')
    expect(importText('a\na\na\n', '--format', 'lines', '--yes', '--resume', '2').stdout).toContain('1 message appended')
    expect(texts()).toEqual(['0:old', '0:older', '0:a', '0:a', '0:a'])
  })

  it('begins where there is no queue yet, so that one command serves for both', () => {
    expect(importText('a\n', '--format', 'lines', '--yes', '--resume').exitCode).toBe(0)
    expect(texts()).toEqual(['0:a'])
  })

  it('is not gone on with from a sequence that the queue has not reached, which would append all of it again', () => {
    importText('a\nb\n', '--format', 'lines', '--yes')
    const { exitCode, stderr } = importText('a\nb\n', '--format', 'lines', '--yes', '--resume', '3')
    expect({ exitCode, says: stderr.includes('the next message of the queue has sequence 2') }).toEqual({
      exitCode: 1,
      says: true,
    })
    expect(importText('c\n', '--format', 'lines', '--yes', '--resume', '2').exitCode).toBe(0)
    expect(texts()).toEqual(['0:a', '0:b', '0:c'])
  })

  it('appends nothing where the queue holds something else', () => {
    importText('a\nb\n', '--format', 'lines', '--yes')
    const { exitCode, stderr } = importText('a\nx\nc\n', '--format', 'lines', '--yes', '--resume')
    expect({ exitCode, says: stderr.includes('nothing was appended') }).toEqual({ exitCode: 1, says: true })
    expect(texts()).toEqual(['0:a', '0:b'])
  })
})

describe('an import of what cannot be kept as it is', () => {
  it('makes no queue when its first line is not a message', () => {
    expect(importText('nonsense\n', '--yes').exitCode).toBe(1)
    expect(existsSync(queue)).toBe(false)
  })

  it.each([
    ['{"text":"\\ud800"}', 'half of a surrogate pair'],
    ['{"base64":"AA"}', 'base64'],
    ['{"base64":"A A="}', 'base64'],
    ['{"base64":"AB=="}', 'base64'],
    ['{"text":"a","base64":"YQ=="}', 'both'],
    ['{"text":"a","timestampNs":1700000000000000001}', 'timestampNs'],
    ['{"text":"a","timestampNs":"18446744073709551616"}', 'timestampNs'],
    ['{"text":"a","typeId":1.5}', 'typeId'],
    ['["text"]', 'not a JSON object'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'not UTF-8'],
  ])('L68: is refused: %j', (line, reason) => {
    const { exitCode, stderr } = importText(line, '--yes')
    expect({ exitCode, says: stderr.includes(reason) }).toEqual({ exitCode: 1, says: true })
  })

  it.each([
    ['typeId,payload\n1e2,x', 'typeId'],
    ['typeId,payload\n0x5,x', 'typeId'],
    ['typeId,payload\n1', '1 fields instead of 2'],
    ['payload,encoding\nAA,base64', 'base64'],
    ['payload,encoding\nAA,hex', 'encoding'],
    ['payload,payload\na,b', 'twice'],
    ['payload\n"a"b', 'closing quote'],
  ])('L68: is refused in CSV: %j', (text, reason) => {
    const { exitCode, stderr } = importText(text, '--format', 'csv', '--yes')
    expect({ exitCode, says: stderr.includes(reason) }).toEqual({ exitCode: 1, says: true })
  })
})

describe('an import from programs that are particular', () => {
  it('L68: takes --type and the present time for empty cells', () => {
    const before = BigInt(Date.now()) * 1_000_000n
    importText('typeId,timestampNs,payload\n,,a\n5,,b\n', '--format', 'csv', '--type', '7', '--yes')
    expect(texts()).toEqual(['7:a', '5:b'])
    using reader = openColdReader(queue)
    for (const item of reader) if (item.kind === 'record') expect(item.timestampNs).toBeGreaterThanOrEqual(before)
  })

  it('L68: skips a byte order mark of NDJSON and CSV', () => {
    importText('\ufeff{"text":"a"}\n', '--yes')
    importText('\ufeffpayload\nb\n', '--format', 'csv', '--yes')
    expect(texts()).toEqual(['0:a', '0:b'])
  })

  it('L68: keeps every nanosecond, and the largest', () => {
    const times = ['1700000000000000001', '18446744073709551615', '0']
    importText(times.map((time) => `{"text":"a","timestampNs":"${time}"}\n`).join(''), '--yes')
    const exported = runCli(['export', queue]).stdout.trimEnd().split('\n')
    expect(exported.map((line) => (JSON.parse(line) as { timestampNs: string }).timestampNs)).toEqual(times)
  })
})

describe.runIf(process.getuid?.() === 0)('what root imports and replays', () => {
  const OWNER = 65_534

  it('L55: belongs to the owner of the queue, or of the directory that it is made in', () => {
    chmodSync(folder.path, 0o755)
    const home = folder.join('home')
    mkdirSync(home)
    chownSync(home, OWNER, OWNER)
    writeFileSync(folder.join('input'), 'a\n')
    // Only root may read it.
    chmodSync(folder.join('input'), 0o600)
    runCli(['import', join(home, 'new'), folder.join('input'), '--format', 'lines', '--segment-size', '4096', '--yes'])
    runCli(['import', join(home, 'new'), folder.join('input'), '--format', 'lines', '--yes'])
    runCli(['replay', join(home, 'new'), '--to', join(home, 'copy'), '--speed', 'max', '--yes'])
    runCli(['ready', join(home, 'new'), '--set', '--yes'])
    const names = readdirSync(home, { recursive: true, encoding: 'utf8' })
    expect(names).toEqual(expect.arrayContaining(['new/control.meta', 'new/READY', 'copy/control.meta']))
    expect(
      names.filter((name) => lstatSync(join(home, name)).uid !== OWNER || lstatSync(join(home, name)).gid !== OWNER),
    ).toEqual([])
    expect(
      runCliProcess(['import', join(home, 'new'), '--format', 'lines', '--yes'], { uid: OWNER, gid: OWNER, input: 'b\n' })
        .exitCode,
    ).toBe(0)
  })
})

it('L68: makes messages durable as it goes on, so that Ctrl-C waits for the last of them only', async () => {
  const child = startCli(['import', queue, '--format', 'lines', '--yes'])
  // What is still on its way when the command ends.
  child.stdin.on('error', () => undefined)
  const lines = `${'x'.repeat(1023)}\n`.repeat(1024)
  const durable = (): number => (existsSync(join(queue, 'control.meta')) ? (inspectQueue(queue).durable?.sequence ?? 0) : 0)
  let sent = 0
  while (durable() === 0) {
    // The input goes on: neither its end nor a segment's makes anything durable.
    if (sent < 32) child.stdin.write(lines)
    sent += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGINT')
  expect(await exitOf(child)).toBe(130)
  const { durable: mark, head } = inspectQueue(queue)
  expect(mark?.sequence).toBe(head.nextSequence)
})

it('leaves the queue of a live writer to it before it reads anything', () => {
  using writer = openWriter(queue, { segmentSize: 4096 })
  expect(importText('nonsense\n', '--yes').exitCode).toBe(4)
  expect(writer.nextSequence).toBe(0)
})
