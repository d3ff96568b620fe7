import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sample } from '../effort/effort.mjs'

/** The compilers of TypeScript that the declarations of packages are for; `npm test` takes one of them. */
export const COMPILERS = sample(['typescript', 'typescript-5'], { short: 1 })

/**
 * Compiles what a `tsconfig.json`, or the one of a folder, names. Returns what the compiler printed and its exit code.
 *
 * @param {string} compiler
 * @param {string} project
 */
export function compile(compiler, project) {
  const path = fileURLToPath(import.meta.resolve(`${compiler}/package.json`)).replace(/package\.json$/, 'bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [path, '-p', project, '--pretty', 'false'], { encoding: 'utf8' })
  return { status, stdout }
}
