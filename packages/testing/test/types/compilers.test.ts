import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { COMPILERS, compile } from '../../../../tools/evidence/compilers/compilers.mjs'

const settings = fileURLToPath(new URL('./tsconfig.json', import.meta.url))

it.each(COMPILERS)(
  'infers the same types with the compiler %s',
  (name) => {
    expect(compile(name, settings)).toEqual({ status: 0, stdout: '' })
  },
  600_000,
)
