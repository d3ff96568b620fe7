import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeEach, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/queue-fixtures.js'
import { ExpectedError } from './expected-error.js'
import { createFolder, removeFolder, useFolder } from './run-folder.js'

/** Above every pid that Linux gives out. */
const DEAD_PID = 2 ** 22 + 1

let parent: string
beforeEach(() => {
  parent = temporaryFolder()
})

it('removes what earlier runs left, and nothing else', () => {
  const over = `chronicle-demo-${DEAD_PID}-abcdef`
  const others = [
    'chronicle-demo-foreign',
    'chronicle-demo-kept-abcdef',
    'chronicle-demo-odd-abcdef',
    `chronicle-demo-${process.pid}-abcdef`,
    `chronicle-other-${DEAD_PID}-abcdef`,
    `other-${DEAD_PID}-abcdef`,
  ]
  for (const name of [over, ...others]) mkdirSync(join(parent, name))
  const made = [createFolder({ program: 'demo', parent }), createFolder({ program: 'demo', keep: true, parent })]
  expect(readdirSync(parent).sort()).toEqual([...others, ...made.map(({ root }) => basename(root))].sort())
  expect(made.map(({ root }) => basename(root).replace(/\w{6}$/, ''))).toEqual([
    `chronicle-demo-${process.pid}-`,
    'chronicle-demo-kept-',
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
  expect(() => useFolder(join(parent, 'file'))).toThrow(ExpectedError)
  expect(() => useFolder(join(parent, 'file', 'x'))).toThrow(/Cannot use --root .*ENOTDIR/)
})
