import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { root } from '../../run/root.mjs'
import { manifestOf } from '../pack.mjs'

/**
 * Runs `chron-cli` as one file in a folder that holds nothing else.
 *
 * @param {string} path of the file
 * @throws when a command fails, prints something else, or leaves a file
 */
export function trySingleFile(path) {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-single-file-'))
  try {
    const program = join(folder, basename(path))
    copyFileSync(path, program)
    const temporary = join(folder, 'temporary')
    mkdirSync(temporary)
    const env = { PATH: process.env['PATH'], HOME: folder, TMPDIR: temporary }
    const run = (/** @type {string[]} */ ...words) => execFileSync(program, words, { cwd: folder, env, encoding: 'utf8' })
    const { version } = manifestOf('cli')
    if (run('--version').trim() !== version) throw new Error(`--version does not print ${version}`)
    const written = run('import', 'queue', '--yes', '--json', join(root, 'tools/release/single-file/three.ndjson'))
    if (!written.includes('schemaVersion')) throw new Error(`import printed ${written}`)
    const lines = run('tail', 'queue', '--json').trimEnd().split('\n')
    if (lines.length !== 3 || JSON.parse(lines[2] ?? '').text !== 'three') throw new Error(`tail printed ${lines.join('\n')}`)
    if (JSON.parse(run('inspect', 'queue', '--json')).schemaVersion !== 1) throw new Error('inspect printed something else')
    if (JSON.parse(run('doctor', 'queue', '--json')).schemaVersion !== 1) throw new Error('doctor printed something else')
    const left = readdirSync(temporary)
    if (left.length > 0) throw new Error(`files that remain: ${left.join(', ')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
