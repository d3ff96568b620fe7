import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { openWriter } from '@chronicle-ts/core'
import { segmentFileName } from '@chronicle-ts/core/internal'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { buildQueue, textPayloads } from '../../../test/support/build-queue.js'
import { fingerprint, QueueFolder } from '../../../test/support/queue-folder.js'
import { BIN, runCli, runCliProcess, runCliUnprivileged } from '../../../test/support/run-cli.js'
import type { Finding } from './finding.js'

interface DoctorReport {
  readonly queues: readonly { readonly queue: string; readonly findings: readonly Finding[] }[]
  readonly repairs: readonly {
    readonly steps: readonly { kind: string }[]
    readonly report?: { readonly outcomes: readonly { readonly state: string; readonly detail: string }[] }
    readonly findings?: readonly Finding[]
    readonly error?: string
  }[]
}

let folder: QueueFolder

beforeEach(() => {
  folder = new QueueFolder()
})
afterEach(() => folder.remove())

describe('chron-cli doctor', () => {
  it('prints each finding with what it means and what repairs it', async () => {
    const queue = folder.copyGolden('rolled')
    truncateSync(join(queue, 'control.meta'), 100)
    writeFileSync(join(queue, 'readers/audit.meta'), 'noise')
    writeFileSync(join(queue, '000000009.q.tmp'), '')
    const { exitCode, stdout } = runCli(['doctor', queue])
    expect(exitCode).toBe(2)
    await expect(withoutSystem(folder.normalise(stdout))).toMatchFileSnapshot('../../../test/golden/doctor-rolled.txt')
  })

  it('finds nothing serious in queues that were left by a clean or a killed writer', () => {
    for (const name of ['rolled', 'restarted', 'killed', 'repaired', 'bus']) folder.copyGolden(name)
    const findings = diagnose(folder.path).queues.flatMap((queue) => queue.findings)
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([])
  })

  it('L32: looks at every queue on its own, and the worst decides the exit code', () => {
    const broken = folder.copyGolden('killed')
    folder.copyGolden('rolled')
    truncateSync(join(broken, '000000000.q'), 10)
    const { exitCode, stdout } = runCli(['doctor', folder.path, '--json'])
    const { queues } = JSON.parse(stdout) as DoctorReport
    expect(exitCode).toBe(2)
    expect(queues.map(({ queue }) => folder.normalise(queue))).toEqual(['<root>/killed', '<root>/rolled'])
    expect(codes(queues[0]?.findings)).toContain('SEGMENT_SHORT')
    expect(codes(queues[1]?.findings)).not.toContain('SEGMENT_SHORT')
  })

  it('finds corruption in the middle by reading, and does not with --quick', () => {
    const queue = damagedQueue()
    expect(codes(diagnose(queue).queues[0]?.findings)).toContain('RECORD_BAD_PAYLOAD_CRC')
    expect(codes(diagnose(queue, '--quick').queues[0]?.findings)).not.toContain('RECORD_BAD_PAYLOAD_CRC')
  })

  it('L30: reads the LEASE', () => {
    const queue = folder.copyGolden('bus/orders/queue/alpha/orders_out')
    writeFileSync(join(queue, 'LEASE'), '{"pid":999999999,"startTime":1,"bootId":"x","epoch":1,"timestampNs":"1"}\n')
    expect(codes(diagnose(queue).queues[0]?.findings)).toEqual(expect.arrayContaining(['LEASE_STALE', 'READY_WITHOUT_WRITER']))
    writeFileSync(join(queue, 'LEASE'), 'noise')
    expect(codes(diagnose(queue).queues[0]?.findings)).toContain('LEASE_BAD')
  })

  it('changes nothing without --yes, and exits like the state that it found', () => {
    const queue = damagedQueue()
    truncateSync(join(queue, 'control.meta'), 100)
    const before = fingerprint(queue)
    runCli(['doctor', queue])
    const { exitCode, stdout } = runCli(['doctor', queue, '--repair'])
    expect(exitCode).toBe(2)
    expect(stdout).toContain('would open the queue as a writer')
    expect(fingerprint(queue)).toEqual(before)
  })

  it('L44: repairs with --yes, keeps what it replaces, and writes a report', () => {
    const queue = damagedQueue()
    truncateSync(join(queue, 'control.meta'), 100)
    const { stdout } = runCli(['doctor', queue, '--repair', '--yes', '--json'])
    const { repairs, queues } = JSON.parse(stdout) as DoctorReport
    expect(repairs[0]?.steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['keep-damage', 'recover']))
    expect(codes(queues[0]?.findings)).not.toContain('CONTROL_SHORT')
    const kept = readdirSync(join(queue, 'quarantine'))
    const report = kept.find((name) => name.endsWith('repair.json'))
    expect(kept.some((name) => name.endsWith('control.meta'))).toBe(true)
    expect(JSON.parse(readFileSync(join(queue, 'quarantine', report ?? ''), 'utf8'))).toMatchObject({ directory: queue })
    expect(runCli(['tail', queue, '-n', '100', '--json']).stdout.trimEnd().split('\n')).toHaveLength(99)
  })

  it('moves readers past damage only on request', () => {
    const queue = damagedQueue()
    const [bad] = problemsAt(queue)
    const place = Buffer.alloc(16)
    place.writeBigUInt64LE(BigInt(bad?.segmentId ?? 0), 0)
    place.writeBigUInt64LE(BigInt(bad?.offset ?? 0), 8)
    writeFileSync(join(queue, 'readers/audit.meta'), place)
    runCli(['doctor', queue, '--repair', '--yes'])
    expect(readFileSync(join(queue, 'readers/audit.meta'))).toEqual(place)
    runCli(['doctor', queue, '--repair', '--yes', '--skip-damage'])
    const { queue: inspection } = JSON.parse(runCli(['inspect', queue, '--json']).stdout) as {
      queue: { readers: { position: { segmentId: number; offset: number } }[] }
    }
    expect(inspection.readers[0]?.position).toEqual({ segmentId: bad?.segmentId, offset: (bad?.offset ?? 0) + 128 })
  })

  it('L59: leaves a segment as it is when the disk takes only a part of its copy, and says so', () => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(600, 200), segmentSize: 65_536 })
    const segment = join(queue, '000000001.q')
    writeSync(openSync(segment, 'r+'), Buffer.alloc(64), 0, 64, 0)
    const before = readFileSync(segment)
    // A limit on the size of a file ends a write in its middle, as a full disk does.
    const limited = ['-c', 'ulimit -f 16; exec "$0" "$@"', process.execPath, BIN, 'doctor', queue, '--repair', '--yes', '--json']
    const { status, stdout } = spawnSync('bash', limited, { encoding: 'utf8' })
    const { repairs } = JSON.parse(stdout) as DoctorReport
    expect(repairs[0]?.report?.outcomes).toContainEqual(
      expect.objectContaining({ state: 'failed', detail: expect.stringContaining('EFBIG') }),
    )
    expect(status).not.toBe(0)
    expect(readFileSync(segment)).toEqual(before)
    expect(readdirSync(queue).filter((name) => name.endsWith('.tmp'))).toEqual([])
    runCli(['doctor', queue, '--repair', '--yes'])
    expect(runCli(['export', queue]).stdout.trimEnd().split('\n')).toHaveLength(600)
  })

  it('does not touch a queue that is being written to, and exits with 4', () => {
    const queue = folder.join('live')
    const writer = openWriter(queue, { segmentSize: 4096 })
    writer.append(1, Buffer.from('hello'))
    writeFileSync(join(queue, 'index.meta'), 'bad')
    const { exitCode, stdout } = runCli(['doctor', queue, '--repair', '--yes'])
    writer.close()
    expect({ exitCode, locked: stdout.includes('ERR_WRITER_ACTIVE') }).toEqual({ exitCode: 4, locked: true })
    expect(existsSync(join(queue, 'quarantine'))).toBe(false)
  })

  it.each([
    ['a missing directory', 'missing', 'ERR_NOT_FOUND'],
    ['an empty directory', '.', 'there is no queue'],
  ])('exits with 1 on %s', (_, name, text) => {
    const { exitCode, stderr } = runCli(['doctor', folder.join(name)])
    expect({ exitCode, says: stderr.includes(text) }).toEqual({ exitCode: 1, says: true })
  })

  it.each([
    ['nothing else', 3],
    ['damage that a repair would correct otherwise', 2],
  ])('repairs nothing in a directory that shares its files, says why, and names no repair: with %s', (what, exitCode) => {
    const queue = folder.join('queue')
    buildQueue(queue, { payloads: textPayloads(100) })
    if (exitCode === 2) truncateSync(join(queue, 'control.meta'), 100)
    linkSync(join(queue, 'control.meta'), folder.join('elsewhere'))
    const before = fingerprint(queue)
    for (const options of [['--repair'], ['--repair', '--yes']]) {
      const found = runCli(['doctor', queue, ...options])
      expect(found.exitCode, what).toBe(exitCode)
      expect(found.stdout).toContain('no step repairs what was found')
      expect(found.stdout).toContain('FILE_LINKED')
      expect(found.stdout.replaceAll(/\s+/g, ' ')).toContain('Copy one of them with cp -a')
      expect(found.stdout).not.toContain('nothing to do')
      expect(found.stdout).not.toContain('--repair --yes')
      expect(fingerprint(queue)).toEqual(before)
    }
    const { repairs } = JSON.parse(runCli(['doctor', queue, '--repair', '--json']).stdout) as DoctorReport
    expect(repairs).toMatchObject([
      { steps: [], findings: expect.arrayContaining([expect.objectContaining({ code: 'FILE_LINKED' })]) },
    ])
    rmSync(folder.join('elsewhere'))
    expect(runCli(['doctor', queue, '--repair']).stdout).not.toContain('FILE_LINKED')
  })

  it('refuses --yes without --repair', () => {
    expect(runCli(['doctor', folder.copyGolden('killed'), '--yes']).exitCode).toBe(1)
  })

  it('works with read permission only', () => {
    const queue = folder.copyGolden('rolled')
    folder.protect(queue)
    expect(runCliUnprivileged(['doctor', queue]).exitCode).toBe(0)
    chmodSync(join(queue, 'index.meta'), 0o644)
    writeFileSync(join(queue, 'index.meta'), 'bad')
    folder.protect(queue)
    const refused = runCliUnprivileged(['doctor', queue, '--repair', '--yes'])
    expect(refused.exitCode).not.toBe(0)
    expect(refused.stdout + refused.stderr).toContain('ERR_PERMISSION')
    chmodSync(join(queue, '000000001.q'), 0)
    expect(runCliUnprivileged(['doctor', queue]).exitCode).toBe(2)
    expect(runCliUnprivileged(['doctor', queue, '--repair']).stdout).toContain('no step repairs what was found')
  })

  it.runIf(process.getuid?.() === 0)('repairs as the owner of the queue when root asks, so that the owner can go on', () => {
    const queue = damagedQueue()
    truncateSync(join(queue, 'control.meta'), 100)
    chmodSync(folder.path, 0o755)
    const names = () => readdirSync(queue, { recursive: true, encoding: 'utf8' })
    for (const path of [queue, ...names().map((name) => join(queue, name))]) chownSync(path, 65534, 65534)
    runCli(['doctor', queue, '--repair', '--yes'])
    expect(names().some((name) => name.startsWith('quarantine/'))).toBe(true)
    expect(names().filter((name) => lstatSync(join(queue, name)).uid !== 65534)).toEqual([])
    expect(
      runCliProcess(['import', queue, '--format', 'lines', '--yes'], { uid: 65534, gid: 65534, input: 'hello\n' }).exitCode,
    ).toBe(0)
  })

  it('records known damage, shows it dimmed and counted, and reports it again when it grows', () => {
    const queue = folder.copyGolden('rolled')
    truncateSync(join(queue, segmentFileName(1)), 1000)
    expect(runCli(['doctor', queue, '--acknowledge'])).toMatchObject({ exitCode: 2 })
    expect(runCli(['inspect', queue]).exitCode).toBe(2)
    expect(runCli(['doctor', queue, '--acknowledge', '--yes'])).toMatchObject({ exitCode: 0 })
    const inspected = runCli(['inspect', queue])
    expect(inspected).toMatchObject({ exitCode: 0 })
    expect(inspected.stdout).toContain('SEGMENT_SHORT (acknowledged)')
    expect(runCli(['doctor', queue]).stdout).toMatch(/critical.*SEGMENT_SHORT \(acknowledged\)/)
    rmSync(join(queue, segmentFileName(2)))
    expect(runCli(['inspect', queue]).exitCode).toBe(2)
    expect(runCli(['doctor', queue, '--acknowledge', '--withdraw', '--yes'])).toMatchObject({ exitCode: 0 })
    expect(runCli(['doctor', queue, '--withdraw']).exitCode).toBe(1)
  })

  function damagedQueue(): string {
    const queue = folder.join('queue')
    const { records } = buildQueue(queue, { payloads: textPayloads(100) })
    const bad = records[40]
    writeSync(openSync(join(queue, `00000000${bad?.segmentId}.q`), 'r+'), 'X', (bad?.offset ?? 0) + 70)
    mkdirSync(join(queue, 'readers'), { recursive: true })
    return queue
  }

  function problemsAt(queue: string): { segmentId: number; offset: number }[] {
    const { queues } = JSON.parse(runCli(['verify', queue, '--json']).stdout) as {
      queues: { problems: { segmentId: number; offset: number }[] }[]
    }
    return queues[0]?.problems ?? []
  }
})

function diagnose(path: string, ...args: string[]): DoctorReport {
  return JSON.parse(runCli(['doctor', path, '--json', ...args]).stdout) as DoctorReport
}

function codes(findings: readonly Finding[] | undefined): string[] {
  return (findings ?? []).map(({ code }) => code)
}

/** What the machine is like is not the test's business. */
function withoutSystem(text: string): string {
  return text.split(/^system {2}/m)[0] ?? ''
}
