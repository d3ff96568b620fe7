import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { compiler } from './compiler.js'

const settings = fileURLToPath(new URL('./tsconfig.json', import.meta.url))

it.each(['typescript', 'typescript-5'])(
  'infers the same types with the compiler %s',
  (name) => {
    const { status, stdout } = spawnSync(process.execPath, [compiler(name), '-p', settings, '--pretty', 'false'], {
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  },
  600_000,
)
