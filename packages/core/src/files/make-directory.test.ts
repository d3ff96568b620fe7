import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openWriter } from '../index.js'
import { createDirectory, makeDirectory } from './make-directory.js'

describe('making a directory', () => {
  it('makes what is missing, and says from where on', () => {
    const folder = temporaryDirectory()
    expect(makeDirectory(folder)).toBeUndefined()
    expect(makeDirectory(join(folder, 'a', 'b', 'c'))).toBe(join(folder, 'a'))
    expect(makeDirectory(join(folder, 'a', 'b', 'd'))).toBe(join(folder, 'a', 'b', 'd'))
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['c', 'd'])
  })

  it('follows links, and takes a directory that a link names for one', () => {
    const folder = temporaryDirectory()
    mkdirSync(join(folder, 'real'))
    symlinkSync('real', join(folder, 'link'))
    expect(makeDirectory(join(folder, 'link'))).toBeUndefined()
    expect(makeDirectory(join(folder, 'link', 'a'))).toBe(join(folder, 'link', 'a'))
    expect(readdirSync(join(folder, 'real'))).toEqual(['a'])
  })
})

describe('making a directory that survives a power cut', () => {
  it('leaves the sync of a parent that this process may use and not list to the system', () => {
    const folder = temporaryDirectory()
    const isRoot = process.getuid?.() === 0
    if (isRoot) chownSync(folder, 65_534, 65_534)
    chmodSync(folder, 0o300)
    onTestFinished(() => {
      if (isRoot) process.seteuid?.(0)
      chmodSync(folder, 0o700)
    })
    if (isRoot) process.seteuid?.(65_534)
    createDirectory(join(folder, 'a', 'b'))
    expect(makeDirectory(join(folder, 'a', 'b'))).toBeUndefined()
  })

  it('says from where on it was made, also when the system fails later', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, 'file'), 'x')
    const made: { topmost?: string | undefined } = {}
    createDirectory(join(folder, 'a', 'b'), 0o777, made)
    expect(made.topmost).toBe(join(folder, 'a'))
    for (const path of ['file', 'file/a'])
      expect(() => createDirectory(join(folder, path))).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }))
  })
})

describe('a queue that cannot be made where it should be', () => {
  const notAQueue = expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' })

  it('ends with what the system says, and makes nothing', () => {
    const folder = temporaryDirectory()
    writeFileSync(join(folder, 'file'), 'x')
    symlinkSync('nowhere', join(folder, 'dangling'))
    for (const path of ['file', 'file/queue', 'file/a/queue', 'dangling'])
      expect(() => openWriter(join(folder, path))).toThrowError(notAQueue)
    expect(readdirSync(folder).sort()).toEqual(['dangling', 'file'])
  })

  it('ends at all where the system answers that nothing is there below what is there', () => {
    expect(() => openWriter('/proc/chronicle/queue')).toThrowError(expect.objectContaining({ code: 'ERR_NOT_FOUND' }))
  })
})
