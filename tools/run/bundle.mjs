import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { root } from './root.mjs'

/**
 * Makes one file of each entry of the package in this folder, and one of what entries share: `tsc` writes the declarations, this program what runs. Node.js finds, reads and links a
 * module in about a millisecond, and a process that opens a queue would load hundreds of them.
 *
 * `minifySyntax` writes constants as literals across modules: the engine takes an imported binding for a variable and loads it at every use. It needs files of constants that
 * import no values, as those of core's `format/*-layout.ts`.
 *
 * @type {typeof import('esbuild')}
 */
const esbuild = createRequire(join(root, 'packages/cli/package.json'))('esbuild')

const folder = process.cwd()
const output = join(folder, 'dist')
/** @type {{ exports: Record<string, string | { default: string }> }} */
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const entries = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default]))

const { metafile, outputFiles } = await esbuild.build({
  absWorkingDir: folder,
  entryPoints: entries.map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts')),
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'shared',
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  write: false,
})
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, path.endsWith('.js') ? withOwnNames(text) : text)
}

/**
 * The bundler names a class whose body names it `_Name`, and users would read that in what they print and in stack traces. `keepNames` would cost a call for every closure.
 *
 * @param {string} text
 */
function withOwnNames(text) {
  const renamed = [...text.matchAll(/\b(\w+) = class _\1\b/g)].map(([, name]) => name)
  return renamed.length === 0 ? text : text.replace(new RegExp(`\\b_(${renamed.join('|')})\\b`, 'g'), '$1')
}

const made = new Set(Object.keys(metafile.outputs).map((path) => join(folder, path)))
for (const name of readdirSync(output, { encoding: 'utf8', recursive: true })) {
  const path = join(output, name)
  if (/\.js(\.map)?$/.test(name) && !made.has(path)) rmSync(path)
}
