import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
const PATH = /`((?:packages|docs|tools)\/[^`\s]*)`/g
/** Names in code: constants in capitals, functions and types. */
const NAME = /`([A-Z][A-Z_]{3,})`/g

const pathsOf = (part: string): string[] => [...part.matchAll(PATH)].map(([, path = '']) => path)

/** Every step of every recipe: the files that it names, and the constants that it changes in them. */
const steps = text
  .slice(text.indexOf('## Recipes'))
  .split('\n')
  .filter((line) => /^\d+\. /.test(line))
  .map((line) => ({ line, paths: pathsOf(line), names: [...line.matchAll(NAME)].map(([, name = '']) => name) }))

describe('CONTRIBUTING.md', () => {
  it('names files that exist', () => {
    const paths = pathsOf(text)
    expect(paths.length).toBeGreaterThan(15)
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it.each(steps.filter(({ names }) => names.length > 0))(
    'names no file without the constant that the step is about: $line',
    ({ paths, names }) => {
      const files = paths.filter((path) => statSync(join(root, path)).isFile())
      const contents = files.map((path) => readFileSync(join(root, path), 'utf8')).join('\n')
      expect(names.filter((name) => !contents.includes(name))).toEqual([])
    },
  )

  it('has steps in the order of their numbers', () => {
    const recipes = text.slice(text.indexOf('## Recipes')).split(/^### /m).slice(1)
    expect(recipes.length).toBeGreaterThanOrEqual(5)
    for (const recipe of recipes) {
      const numbers = [...recipe.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number))
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    }
  })
})
