import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROOFS, parseProofs } from './proofs.mjs'
import { root } from './root.mjs'

const README = readFileSync(join(root, 'tools/evidence/README.md'), 'utf8')

describe('npm run proof', () => {
  it('names programs and tests that exist', () => {
    for (const { step } of parseProofs([])?.chosen ?? []) {
      const source = step.program.replace('tools/dist/', 'tools/').replace(/\.js$/, '.ts')
      const paths = [
        step.program.startsWith('tools/dist/') ? source : step.program,
        ...step.args.filter((arg) => arg.includes('/')),
      ]
      for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
    }
  })

  it('runs everything, and the README explains each', () => {
    const names = Object.keys(PROOFS)
    expect(parseProofs([])?.chosen.map(({ name }) => name)).toEqual(names)
    for (const name of names) expect(README).toContain(`| \`${name}\` |`)
  })

  it('takes names and a scale', () => {
    const asked = parseProofs(['kill', 'power-cut', '--scale', '0.01'])
    expect(asked?.chosen.map(({ step }) => step.args)).toEqual([
      ['--total-kills', '100', '--minutes', '600'],
      ['--states', '120'],
    ])
    expect(parseProofs(['fuzz', '--scale', '0.5'])?.env).toEqual({ CHRONICLE_EFFORT: 'full', CHRONICLE_SCALE: '0.5' })
  })

  it.each([[['nothing']], [['toString']], [['--scale', '0']], [['--scale', 'x']], [['--wrong']]])('refuses %j', (args) => {
    expect(parseProofs(args)).toBeUndefined()
  })
})
