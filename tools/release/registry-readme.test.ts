import { describe, expect, it } from 'vitest'
import { registryReadme } from './registry-readme.mjs'

const TEXT = `See [the order](../../docs/fanin.md#the-order), [docs/fanin.md](../../docs/fanin.md) and [\`core\`](../core),
[the code](src/index.ts), [elsewhere](https://example.org/x), [below](#below). \`[code](../../docs/bus.md)\`

\`\`\`ts
array[0](../../docs/bus.md)
\`\`\`
`

describe('the README of a package at a registry', () => {
  it('names the documents that are not in the package, without a repository', () => {
    expect(registryReadme(TEXT, 'packages/fanin', undefined)).toBe(
      `${TEXT.replace('[the order](../../docs/fanin.md#the-order)', 'the order (docs/fanin.md)')
        .replace('[docs/fanin.md](../../docs/fanin.md)', 'docs/fanin.md')
        .replace('[`core`](../core)', '`core`')}
Documents that are named here by their path belong to the sources of chronicle-ts, and are not in this package.
`,
    )
  })

  it('links to the repository, when there is one', () => {
    const page = 'https://example.org/owner/name'
    expect(registryReadme(TEXT, 'packages/fanin', { url: `git+${page}.git` })).toBe(
      TEXT.replace('../../docs/fanin.md#', `${page}/blob/HEAD/docs/fanin.md#`)
        .replace('(../../docs/fanin.md)', `(${page}/blob/HEAD/docs/fanin.md)`)
        .replace('(../core)', `(${page}/tree/HEAD/packages/core)`),
    )
  })

  it('stays as it is without such a link', () => {
    expect(registryReadme('A [link](src/index.ts).\n', 'packages/core', undefined)).toBe('A [link](src/index.ts).\n')
  })
})
