import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { INTERFACE_ID } from './interface-id.js'

/** The functions, numbers and memory layouts that both sides use. */
const SHARED = ['binding.ts', 'staging.ts', 'verifier-arguments.ts']

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

it('changes with the code that both sides share: put the new id into interface-id.ts and interface_id.h', () => {
  const hash = createHash('sha256')
  for (const name of SHARED) {
    const code = textOf(name).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    hash.update(code.replace(/\s+/g, ' '))
  }
  expect(INTERFACE_ID).toBe(hash.digest('hex').slice(0, 8))
  expect(textOf('../cpp/interface_id.h')).toContain(`"${INTERFACE_ID}"`)
})

it('is in the addon that was built', () => {
  const addon = createRequire(import.meta.url)(fileURLToPath(new URL('../dist/chronicle.node', import.meta.url))) as object
  expect(addon).toHaveProperty('interfaceId', INTERFACE_ID)
})
