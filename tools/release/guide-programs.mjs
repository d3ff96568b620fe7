import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/root.mjs'

const guide = join(root, 'docs', 'guide')
const PROGRAM = /^```(ts|js)\n(import\s[\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm

/** Pages of the user's guide. */
export const guidePages = readdirSync(guide).filter((name) => name.endsWith('.md'))

/**
 * The programs of the user's guide, in the order of their pages, each with what the page says that it prints.
 *
 * @returns {{ page: string, name: string, title: string, code: string, expected: string, builtins: string[] }[]}
 */
export function guidePrograms() {
  return guidePages.flatMap((page) => {
    const text = readFileSync(join(guide, page), 'utf8')
    return [...text.matchAll(PROGRAM)].map(({ 1: language, 2: code = '', 3: expected = '', index }, number) => ({
      page,
      name: `${page.replace('.md', '')}-${number + 1}.${language === 'ts' ? 'mts' : 'mjs'}`,
      title:
        text
          .slice(0, index)
          .match(/^#+ .*$/gm)
          ?.at(-1)
          ?.replace(/^#+ /, '') ?? page,
      code,
      expected,
      builtins: [...code.matchAll(/from '(node:[^']+)'/g)].map(([, module = '']) => module),
    }))
  })
}
