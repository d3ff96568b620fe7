import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { QueueFolder } from '../../../test/support/queue-folder.js'
import { runCli } from '../../../test/support/run-cli.js'

function completeInBash(script: string, cwd: string, ...words: string[]): string[] {
  const line = `COMP_WORDS=(chron-cli ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`
  const program = `${script}\n${line}; _chron_cli; printf '%s\\n' "\${COMPREPLY[@]}"`
  return spawnSync('bash', ['-c', program], { encoding: 'utf8', cwd }).stdout.trim().split('\n').sort()
}

describe('chron-cli completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { exitCode, stdout } = runCli(['completion', shell])
    expect(exitCode).toBe(0)
    await expect(stdout).toMatchFileSnapshot(`../../../test/golden/completion-${shell}.txt`)
  })

  it('completes commands, options and values in bash', () => {
    const script = runCli(['completion', 'bash']).stdout
    const complete = (...words: string[]) => completeInBash(script, '/', ...words)
    expect(complete('ins')).toEqual(['inspect'])
    expect(complete('tail', '--fol')).toEqual(['--follow'])
    expect(complete('tail', '--format', 'u')).toEqual(['utf8'])
    expect(complete('completion', 'z')).toEqual(['zsh'])
    expect(complete('tail', '--limit', '')).toEqual([''])
  })

  it('offers files where files are read or written, and directories where queues are named', () => {
    const folder = new QueueFolder()
    mkdirSync(folder.join('queue'))
    writeFileSync(folder.join('some messages.jsonl'), '')
    const script = runCli(['completion', 'bash']).stdout
    expect(completeInBash(script, folder.path, 'tail', '')).toEqual(['queue'])
    expect(completeInBash(script, folder.path, 'export', '-o', '')).toEqual(['queue', 'some messages.jsonl'])
    expect(completeInBash(script, folder.path, 'import', 'queue', '')).toEqual(['queue', 'some messages.jsonl'])
    expect(completeInBash(script, folder.path, 'bench', '--directory', '')).toEqual(['queue'])
  })

  it('refuses other shells', () => {
    expect(runCli(['completion', 'tcsh']).exitCode).toBe(1)
  })
})
