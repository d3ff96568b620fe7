import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../test/temporary-files.js'
import { flawOfAddon, flawOfImage } from './addon-image.js'

const built = fileURLToPath(new URL('../dist/chronicle.node', import.meta.url))
const folder = temporaryFolder()

describe('the flaw of a file that is named as the addon', () => {
  it('does not exist for the one that was built', () => {
    expect(flawOfAddon(built)).toBeUndefined()
  })

  it.each([64, 5000, 100_000, 300_000])('is its length, when %i bytes of it are left', (length) => {
    const path = join(folder, `cut-${length}.node`)
    copyFileSync(built, path)
    truncateSync(path, length)
    expect(flawOfAddon(path)).toMatch(/^cut off/)
  })

  it('is its kind', () => {
    for (const [name, text] of Object.entries({ empty: '', text: 'not an addon', script: 'process.exit(7)\n'.repeat(100) })) {
      writeFileSync(join(folder, name), text)
      expect(flawOfAddon(join(folder, name))).toBe('not a compiled addon')
    }
    expect(flawOfAddon(folder)).toBe('not a file')
    expect(flawOfAddon(join(folder, 'absent.node'))).toBe('no such file')
    expect(flawOfAddon(join(folder, 'text', 'below.node'))).toBe('no such file')
  })

  it('is its processor', () => {
    const head = readFileSync(built).subarray(0, 4096)
    const foreign = Buffer.from(head)
    foreign.writeUInt16LE(process.arch === 'x64' ? 183 : 62, 18)
    expect(flawOfImage(foreign, 1 << 20)).toBe(`compiled for another processor than ${process.arch}`)
    foreign[4] = 1
    expect(flawOfImage(foreign, 1 << 20)).toBe('not a compiled addon')
  })

  it('is found in every damaged head without an error', () => {
    const head = readFileSync(built).subarray(0, 1024)
    for (let at = 0; at < head.length; at++) {
      const damaged = Buffer.from(head)
      damaged[at] = ~(damaged[at] ?? 0)
      const flaw = flawOfImage(damaged, 1 << 20)
      if (at < 4) expect(flaw).toBe('not a compiled addon')
    }
  })
})
