import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../test/support/run-cli.js'

describe('chron-cli completion', () => {
  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    const { exitCode, stdout } = runCli(['completion', shell])
    expect(exitCode).toBe(0)
    await expect(stdout).toMatchFileSnapshot(`../../../test/golden/completion-${shell}.txt`)
  })

  it('completes commands, options and values in bash', () => {
    const script = runCli(['completion', 'bash']).stdout
    const complete = (...words: string[]) => {
      const program = `${script}\nCOMP_WORDS=(chron-cli ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _chron_cli; printf '%s\\n' "\${COMPREPLY[@]}"`
      return spawnSync('bash', ['-c', program], { encoding: 'utf8' }).stdout.trim().split('\n')
    }
    expect(complete('ins')).toEqual(['inspect'])
    expect(complete('tail', '--fol')).toEqual(['--follow'])
    expect(complete('tail', '--format', 'u')).toEqual(['utf8'])
  })

  it('refuses other shells', () => {
    expect(runCli(['completion', 'tcsh']).exitCode).toBe(1)
  })
})
