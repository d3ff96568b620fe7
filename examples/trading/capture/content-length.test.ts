import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { contentLength } from './content-length.js'

it('knows the length of the content, and that it does not know it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-'))
  const content = 'x'.repeat(100_000)
  writeFileSync(join(folder, 'plain'), content)
  writeFileSync(join(folder, 'gzipped'), gzipSync(content))
  writeFileSync(join(folder, 'short'), 'abc')
  writeFileSync(join(folder, 'empty'), '')
  expect(await contentLength(join(folder, 'plain'))).toBe(100_000)
  expect(await contentLength(join(folder, 'gzipped'))).toBe(100_000)
  expect(await contentLength(join(folder, 'short'))).toBe(3)
  expect(await contentLength(join(folder, 'empty'))).toBe(0)
  expect(await contentLength(folder)).toBe(0)
  expect(await contentLength(join(folder, 'nothing'))).toBe(0)
  rmSync(folder, { recursive: true })
})
