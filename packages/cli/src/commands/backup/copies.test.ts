import { chmodSync, chownSync, mkdirSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openReader, openWriter } from '@chronicle-ts/core'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli, runCliProcess } from '../../../test/support/run-cli.js'
import { collectBundle } from '../bundle/collect-bundle.js'

let folder: QueueFolder
let queue: string

beforeEach(() => {
  folder = new QueueFolder()
  queue = folder.join('queue')
  using writer = openWriter(queue, { segmentSize: 4096 })
  for (let index = 0; index < 100; index += 1) writer.append(index % 2, Buffer.from(`secret ${index}`))
  openReader(queue, 'audit', { start: 'earliest' }).close()
})
afterEach(() => folder.remove())

it('backs a queue up, restores it, and finds the two equal', () => {
  const backup = runCli(['backup', queue, folder.join('backup')])
  expect(backup.exitCode).toBe(0)
  expect(folder.normalise(backup.stdout)).toBe(
    '<root>/backup\n  messages  100 verified, sequence 0 to 99\n  segments  4, 12.6 KiB\n  readers   audit\n'.replace(
      /4, 12.6 KiB/,
      /\d+, [\d.]+ KiB/.exec(backup.stdout)?.[0] ?? '',
    ),
  )
  expect(runCli(['restore', folder.join('backup'), folder.join('restored')]).exitCode).toBe(0)
  expect(runCli(['diff', queue, folder.join('restored')])).toMatchObject({ exitCode: 0, stdout: '100 messages equal\n' })
  expect(runCli(['backup', queue, folder.join('backup')]).exitCode).toBe(1)
})

it('salvages what is left of a damaged queue, and says what is not', () => {
  truncateSync(join(queue, 'control.meta'), 10)
  truncateSync(join(queue, '000000001.q'), 1000)
  const { exitCode, stdout } = runCli(['salvage', queue, folder.join('new'), '--json'])
  const report = JSON.parse(stdout) as { records: number; missing: number }
  expect({ exitCode, all: report.records + report.missing }).toEqual({ exitCode: 3, all: 100 })
  expect(runCli(['stats', folder.join('new'), '--json']).stdout).toContain(`"count": ${report.records / 2}`.slice(0, 10))
})

it('bundles what a maintainer needs without a payload, unless asked', () => {
  const piped = runCli(['bundle', queue, '-o', folder.join('bundle.json.gz')])
  expect(piped.exitCode).toBe(0)
  const plain = JSON.stringify(collectBundle(queue, { payloads: 0 }), (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
  for (const form of ['secret 99', Buffer.from('secret 99').toString('hex'), Buffer.from('secret 99').toString('base64')])
    expect(plain).not.toContain(form)
  expect(plain).toContain('"control.meta"')
  const asked = JSON.stringify(collectBundle(queue, { payloads: 1 }), (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
  expect(asked).toContain(Buffer.from('secret 99').toString('base64'))
})

it('bundles nothing that is outside of the queue, also when a link in it names it', () => {
  const outside = folder.join('outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'shadow'), 'private')
  rmSync(join(queue, 'readers'), { recursive: true })
  symlinkSync(outside, join(queue, 'readers'))
  symlinkSync('.', join(queue, 'quarantine'))
  const bundled = JSON.stringify(collectBundle(queue, { payloads: 0 }), (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  )
  expect(bundled).not.toContain(Buffer.from('private').toString('hex'))
  expect(bundled).not.toContain('shadow')
  expect(bundled.split('"name":"readers"')).toHaveLength(2)
  expect(bundled).not.toContain('quarantine/control.meta')
})

it.runIf(process.getuid?.() === 0)('L55: what root salvages belongs to the owner of the directory that it is made in', () => {
  const parent = folder.join('service')
  mkdirSync(parent)
  chmodSync(folder.path, 0o755)
  chownSync(parent, 1234, 1234)
  expect(runCliProcess(['salvage', queue, join(parent, 'new')])).toMatchObject({ exitCode: 0 })
  expect(statSync(join(parent, 'new/control.meta')).uid).toBe(1234)
})
