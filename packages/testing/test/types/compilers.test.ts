import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { sample } from '../../../../tools/evidence/effort/effort.mjs'

const settings = fileURLToPath(new URL('./tsconfig.json', import.meta.url))

/** The path of a compiler among the installed packages. */
function compiler(name: string): string {
  return fileURLToPath(import.meta.resolve(`${name}/package.json`)).replace(/package\.json$/, 'bin/tsc')
}

it.each(sample(['typescript', 'typescript-5'], { short: 1 }))(
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
