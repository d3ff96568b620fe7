import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findVoiceViolations, readRules } from './check-voice.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-words-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('the check of the words', () => {
  it('reads its list from the glossary, in which every pattern is valid', () => {
    const rules = readRules(readFileSync(join(root, 'docs', 'glossary.md'), 'utf8'))
    expect(rules.length).toBeGreaterThan(10)
    for (const { instead } of rules) expect(instead).not.toBe('')
  })

  it('names file, line, word and what to write, and leaves code alone', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '# G\n\n## Words\n\n| avoid | write |\n|---|---|\n| `\\bvouch` | trust |\n')
    writeFileSync(join(top, 'README.md'), 'fine\n`vouched` is code\nNobody Vouches for it\n')
    expect(findVoiceViolations(top)).toEqual(['README.md:3: "Vouch"; write trust'])
  })

  it('reads texts and comments of sources and tests, at their line, and no names', () => {
    const top = temporaryFolder()
    const folder = join(top, 'packages', 'cli', 'src')
    mkdirSync(join(top, 'docs'))
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(top, 'docs', 'glossary.md'),
      '## Words\n\n| avoid | write |\n|---|---|\n| `\\b(no\\|some)body\\b` | the actor |\n',
    )
    const source = [
      "/** What nobody's text is. */",
      "const name = 'nobody' // somebody's name",
      "help('that somebody reads')",
      `help(\`some ${'$'}{nobody} of`,
      'two lines, for nobody`)',
    ].join('\n')
    writeFileSync(join(folder, 'help.ts'), source)
    writeFileSync(join(folder, 'help.test.ts'), source)
    const found = (file: string) => [
      `packages/cli/src/${file}:1: "nobody"; write the actor`,
      `packages/cli/src/${file}:2: "somebody"; write the actor`,
      `packages/cli/src/${file}:3: "somebody"; write the actor`,
      `packages/cli/src/${file}:5: "nobody"; write the actor`,
    ]
    expect(findVoiceViolations(top)).toEqual([...found('help.test.ts'), ...found('help.ts')])
  })

  it('counts the words of a sentence in documents and in comments, and leaves code, drawings and items alone', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '## Words\n')
    const words = (count: number) => Array.from({ length: count }, () => 'word').join(' ')
    writeFileSync(join(top, 'README.md'), `${words(31)}.\n\n${words(30)}. ${words(30)}.\n`)
    const source = [
      `/** ${words(20)} {@link a} ${words(9)}. */`,
      '/**',
      ` * ${words(20)}`,
      ` * ${words(11)}.`,
      ' *',
      ' * ```text',
      ` * ${words(40)}`,
      ' * ```',
      ` * @throws ${words(20)}; ${words(20)}`,
      ' */',
      `const text = '// ${words(40)}' // ${words(15)}`,
      `// ${words(20)}`,
      `  // ${words(11)}`,
      `f('https://${words(40)}')`,
    ].join('\n')
    writeFileSync(join(top, 'a.ts'), source)
    const violation = (place: string, count: number) =>
      `${place}: a sentence of ${count} words, more than 30: "${words(count).slice(0, 60)}..."`
    expect(findVoiceViolations(top)).toEqual([violation('README.md:1', 31), violation('a.ts:11', 46), violation('a.ts:3', 31)])
  })

  it('keeps the numbers of lessons in one document', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '## Words\n')
    for (const name of ['reliability', 'models']) writeFileSync(join(top, 'docs', `${name}.md`), 'lost (L16)\n`L2`\n')
    expect(findVoiceViolations(top)).toEqual(['docs/models.md:1: "L16"; lessons have their numbers in docs/reliability.md only'])
  })

  it('takes names of several words apart: literals with hyphens, and what packages export', () => {
    const top = temporaryFolder()
    for (const folder of ['docs/api', 'src']) mkdirSync(join(top, folder), { recursive: true })
    writeFileSync(
      join(top, 'docs', 'glossary.md'),
      '## Words\n\n| avoid | write |\n|---|---|\n| `\\b(mend\\|believable)\\b` | correct |\n',
    )
    writeFileSync(join(top, 'docs', 'api', 'core.txt'), 'a\n  export declare function believableControl(): void\n  MEND_ALL\n')
    writeFileSync(join(top, 'src', 'steps.ts'), "const kinds = ['mend-segment', 'mend', 'mending-all']\n")
    expect(findVoiceViolations(top)).toEqual([
      'docs/api/core.txt:2: "believable"; write correct',
      'docs/api/core.txt:3: "MEND"; write correct',
      'src/steps.ts:1: "mend"; write correct',
    ])
  })

  it('counts the words of the sentences of documents, and nothing that is code', () => {
    const top = temporaryFolder()
    const words = (count: number) => Array.from({ length: count }, (_, index) => `word${index}`).join(' ')
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '## Words\n')
    const text = [
      `${words(20)}\n${words(10)}. ${words(30)}.`,
      `${words(15)}\n${words(16)}, and \`a whole ${words(9)}\`.`,
      `| ${words(30)} | ${words(33)} |`,
      `- ${words(29)}\n- [${words(30)}](to)`,
      `\`\`\`\n${words(40)}\n\`\`\``,
    ].join('\n\n')
    writeFileSync(join(top, 'README.md'), text)
    expect(findVoiceViolations(top).map((violation) => violation.replace(/:.*sentence of/, ':'))).toEqual([
      expect.stringMatching(/^README.md: 33 words/),
      expect.stringMatching(/^README.md: 33 words/),
    ])
  })

  it('leaves out the list of tests that another check writes', () => {
    const top = temporaryFolder()
    mkdirSync(join(top, 'docs'))
    writeFileSync(join(top, 'docs', 'glossary.md'), '## Words\n\n| avoid | write |\n|---|---|\n| `\\bvouch` | trust |\n')
    const list = '<!-- tests of lessons: begin -->\nvouch\n<!-- tests of lessons: end -->\nvouch\n'
    writeFileSync(join(top, 'docs', 'reliability.md'), list)
    expect(findVoiceViolations(top)).toEqual(['docs/reliability.md:4: "vouch"; write trust'])
  })

  it('finds nothing in this checkout', () => {
    expect(findVoiceViolations(root)).toEqual([])
  })
})
