import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { INTERFACE_ID } from './interface-id.js'

/** The other files here find and load the addon. Functions, numbers and memory layouts that both sides use are in the rest. */
const OWN = new Set(['addon-files.ts', 'addon-image.ts', 'index.ts', 'interface-id.ts', 'load.ts'])
const shared = readdirSync(new URL('.', import.meta.url)).filter((name) => !name.endsWith('.test.ts') && !OWN.has(name))

const textOf = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

it('changes with the code that both sides share: put the new id into interface-id.ts and interface_id.h', () => {
  expect(shared).toContain('binding.ts')
  const hash = createHash('sha256')
  for (const name of shared.sort()) {
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
