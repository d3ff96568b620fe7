import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-bus.js'
import { birthStamp } from './marker-file.js'

it('distinguishes a directory from the next one, also where that gets its inode', () => {
  const directory = join(temporaryFolder(), 'a')
  mkdirSync(directory)
  const [stamp, { ino }] = [birthStamp(directory, 'directory'), statSync(directory)]
  for (let attempt = 0; attempt < 100; attempt++) {
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
    expect(birthStamp(directory, 'directory')).not.toBe(stamp)
    // Some file systems never give an inode twice; there it is distinguished by that.
    if (statSync(directory).ino === ino) break
  }
})
