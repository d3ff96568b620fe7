import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { makeUnopenable, withoutRightsTo } from '../../test/support/faulty-files.js'
import { temporaryDirectory } from '../../test/support/temporary.js'
import { errnoError } from './errno-error.js'
import { syncDirectory, syncParents } from './sync-directory.js'

let root: string

beforeEach(() => {
  root = temporaryDirectory()
  mkdirSync(join(root, 'a/b/c'), { recursive: true })
})

describe('syncing a directory', () => {
  it('is an error of the system, with its path, for one that is not there', () => {
    const path = join(root, 'missing')
    expect(() => syncDirectory(path)).toThrow(expect.objectContaining({ code: 'ERR_NOT_FOUND', path }))
  })

  it('reaches every parent that was made with it, and none above', () => {
    makeUnopenable(join(root, 'a/b'))
    const failure = expect.objectContaining({ code: 'ERR_LINK', path: join(root, 'a/b') })
    for (const first of ['a/b/c', 'a/b', 'a']) expect(() => syncParents(join(root, 'a/b/c'), join(root, first))).toThrow(failure)
    expect(() => syncParents(join(root, 'a/b/c/d/e'), join(root, 'a/b/c/d/e'))).toThrow(
      expect.objectContaining({ code: 'ERR_LINK' }),
    )
    expect(() => syncParents(join(root, 'a/b'), join(root, 'a'))).not.toThrow()
  })

  it('leaves a parent that may not be read to the system', () => {
    withoutRightsTo(join(root, 'a'), [root])
    expect(() => syncParents(join(root, 'a/b'), join(root, 'a'))).not.toThrow()
    expect(() => syncDirectory(join(root, 'a'))).toThrow(expect.objectContaining({ code: 'ERR_PERMISSION' }))
  })

  it('passes on what a parent fails with otherwise', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => syncParents(join(root, 'file/queue/inner'), join(root, 'file/queue'))).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_A_QUEUE' }),
    )
  })
})

describe('an errno of the addon', () => {
  it('becomes the error that node:fs would throw', () => {
    expect(errnoError(28, 'fallocate')).toMatchObject({
      code: 'ENOSPC',
      errno: -28,
      syscall: 'fallocate',
      message: 'ENOSPC, fallocate',
    })
  })
})
