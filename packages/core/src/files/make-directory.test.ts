import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { openWriter } from '../index.js'
import { makeDirectory } from './make-directory.js'

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
