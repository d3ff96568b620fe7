import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { heldDirectory, temporaryDirectory } from '../../test/support/temporary.js'
import { QueueDirectory } from './queue-directory.js'

let root: string

beforeEach(() => {
  root = temporaryDirectory()
  mkdirSync(join(root, 'queue'))
})

describe('a directory that is held', () => {
  it('is reached wherever it is moved, and not by what takes its path', () => {
    const directory = heldDirectory(join(root, 'queue'))
    expect(directory.isAtItsPath()).toBe(true)
    renameSync(join(root, 'queue'), join(root, 'moved'))
    expect(directory.isAtItsPath()).toBe(false)
    mkdirSync(join(root, 'queue'))
    expect(directory.isAtItsPath()).toBe(false)
    writeFileSync(directory.at('file'), 'here')
    directory.makeFolder('folder').close()
    directory.sync()
    expect(readFileSync(join(root, 'moved', 'file'), 'utf8')).toBe('here')
    expect(existsSync(join(root, 'moved', 'folder'))).toBe(true)
    expect(existsSync(join(root, 'queue', 'file'))).toBe(false)
    expect(directory.describe('file')).toBe(join(root, 'queue', 'file'))
  })

  it('may be named by a link, and stays where that led', () => {
    symlinkSync('queue', join(root, 'link'))
    const directory = heldDirectory(join(root, 'link'))
    expect(directory.isAtItsPath()).toBe(true)
    mkdirSync(join(root, 'other'))
    renameSync(join(root, 'link'), join(root, 'old-link'))
    symlinkSync('other', join(root, 'link'))
    expect(directory.isAtItsPath()).toBe(false)
    writeFileSync(directory.at('file'), 'here')
    expect(existsSync(join(root, 'queue', 'file'))).toBe(true)
  })

  it.each([
    ['missing', 'ERR_NOT_FOUND'],
    ['file', 'ERR_NOT_A_QUEUE'],
    ['file/below', 'ERR_NOT_A_QUEUE'],
  ])('is an error for %s', (name, code) => {
    writeFileSync(join(root, 'file'), '')
    expect(() => QueueDirectory.open(join(root, name))).toThrow(expect.objectContaining({ code }))
  })

  it('closes once, and never the descriptor of another file', () => {
    const directory = QueueDirectory.open(join(root, 'queue'))
    directory.close()
    const other = heldDirectory(root)
    directory.close()
    expect(existsSync(other.at('queue'))).toBe(true)
  })
})

describe('a folder of a directory that is held', () => {
  it('is made once and found again', () => {
    const directory = heldDirectory(join(root, 'queue'))
    expect(directory.folder('readers')).toBeUndefined()
    expect(directory.inFolder('readers', () => 'never')).toBeUndefined()
    directory.makeFolder('readers').close()
    directory.makeFolder('readers').close()
    expect(directory.inFolder('readers', (folder) => folder.path)).toBe(join(root, 'queue', 'readers'))
  })

  it('L55: is refused when it is a link, with or without a target', () => {
    const directory = heldDirectory(join(root, 'queue'))
    for (const [name, target] of [
      ['live', root],
      ['dangling', 'nowhere'],
    ] as const) {
      symlinkSync(target, directory.at(name))
      const error = expect.objectContaining({ code: 'ERR_LINK', path: join(root, 'queue', name) })
      expect(() => directory.folder(name)).toThrow(error)
      expect(() => directory.makeFolder(name)).toThrow(error)
    }
  })

  it('is refused when it is a file', () => {
    const directory = heldDirectory(join(root, 'queue'))
    writeFileSync(directory.at('readers'), '')
    expect(() => directory.makeFolder('readers')).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
  })
})
