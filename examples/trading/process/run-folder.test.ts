import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/queue-fixtures.js'
import { UsageError } from './expected-error.js'
import { createFolder, removeFolder, useFolder } from './run-folder.js'

/** Above every pid that Linux gives out. */
const DEAD_PID = 2 ** 22 + 1

let parent: string
beforeEach(() => {
  parent = temporaryFolder()
})

async function leaveFolder(name: string, marker?: object): Promise<void> {
  await mkdir(join(parent, name))
  if (marker !== undefined) writeFileSync(join(parent, name, '.chronicle-example.json'), JSON.stringify(marker))
}

it('removes what earlier runs left, and nothing else', async () => {
  await leaveFolder('chronicle-demo-over', { pid: DEAD_PID, keep: false })
  await leaveFolder('chronicle-demo-kept', { pid: DEAD_PID, keep: true })
  await leaveFolder('chronicle-demo-running', { pid: process.pid, keep: false })
  await leaveFolder('chronicle-demo-foreign')
  await leaveFolder('chronicle-demo-odd', { pid: 'x' })
  await leaveFolder('other', { pid: DEAD_PID, keep: false })
  const { root } = createFolder({ program: 'demo', parent })
  expect(readdirSync(parent).filter((name) => join(parent, name) !== root)).toEqual([
    'chronicle-demo-foreign',
    'chronicle-demo-kept',
    'chronicle-demo-odd',
    'chronicle-demo-running',
    'other',
  ])
})

it('removes its own folder and never one that the user named', () => {
  const own = createFolder({ program: 'demo', parent })
  const named = useFolder(join(parent, 'a', 'b'))
  for (const folder of [own, named]) removeFolder(folder)
  expect(existsSync(own.root)).toBe(false)
  expect(existsSync(named.root)).toBe(true)
})

it('says why a folder cannot be used', () => {
  writeFileSync(join(parent, 'file'), '')
  expect(() => useFolder(join(parent, 'file'))).toThrow(UsageError)
  expect(() => useFolder(join(parent, 'file', 'x'))).toThrow(/Cannot use --root .*ENOTDIR/)
})
