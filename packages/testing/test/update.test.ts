import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

it('writes the golden file anew when the program is started with --update', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-scenario-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [input, output, program] = ['in.ndjson', 'out.ndjson', 'program.mjs'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  writeFileSync(input, '{"typeId":3,"timestampNs":"5","text":"hello"}\n')
  writeFileSync(
    program,
    `import { scenario } from ${JSON.stringify(import.meta.resolve('@chronicle-ts/testing'))}
await scenario(${JSON.stringify(input)}, (message, { emit }) => emit(4, message.payload), ${JSON.stringify(output)})`,
  )
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  expect(run().stderr).toMatch(/out\.ndjson is missing; start with --update to write it/)
  execFileSync(process.execPath, [program, '--update'])
  expect(readFileSync(output, 'utf8')).toBe('{"timestampNs":"5","typeId":4,"text":"hello"}\n')
  expect(run().status).toBe(0)
})
