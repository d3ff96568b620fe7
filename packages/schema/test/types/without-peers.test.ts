import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { COMPILERS, compile } from '../../../../tools/evidence/compilers/compilers.mjs'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/** A program of a user that has installed this package and nothing else. */
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'schema-user-'))
  mkdirSync(join(folder, 'node_modules/@chronicle-ts'), { recursive: true })
  symlinkSync(PACKAGE, join(folder, 'node_modules/@chronicle-ts/schema'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.each(COMPILERS)(
  'a program without the optional peers compiles with %s, declarations checked',
  (name) => {
    const compilerOptions = { target: 'es2022', module: 'nodenext', strict: true, noEmit: true, types: [] }
    const options = { ...compilerOptions, skipLibCheck: false, preserveSymlinks: true, lib: ['es2023', 'esnext.disposable'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['program.ts'] }))
    writeFileSync(
      join(folder, 'program.ts'),
      [
        "import { f64, message } from '@chronicle-ts/schema'",
        "export const bid: number = message('Quote', 1, { bid: f64() }).decode(new Uint8Array(8)).bid",
      ].join('\n'),
    )
    expect(compile(name, folder)).toEqual({ status: 0, stdout: '' })
  },
  600_000,
)
