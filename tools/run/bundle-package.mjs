#!/usr/bin/env node
/**
 * Makes one file of each public entry of a package, of its own modules only: node ../../tools/run/bundle-package.mjs [further entry]..., in the package's folder, after the compiler.
 *
 * A program that imports a package opens a few files instead of a hundred, which is most of the time that a short command takes. The entries are those that the `exports` of the package
 * name in `dist/bundle`, each of the module that has the same declarations. What two entries share is a file of its own, so that there is one copy of it.
 */
import { readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'esbuild'

const folder = process.cwd()
const output = join(folder, 'dist/bundle')
const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
const modules = Object.values(exports).flatMap(({ types }) => (types === undefined ? [] : [types.replace(/\.d\.ts$/, '.js')]))
const named = process.argv.slice(2).map((name) => `dist/${name}.js`)

/**
 * A module that looks for a file beside itself still finds it.
 *
 * @type {import('esbuild').Plugin}
 */
const keepPlaces = {
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('import.meta.')) return undefined
      const place = JSON.stringify(relative(output, path))
      const contents = text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`)
      return { contents: contents.replace(/^\/\/# sourceMappingURL=.*$/m, ''), loader: 'js', resolveDir: dirname(path) }
    })
  },
}

rmSync(output, { recursive: true, force: true })
await build({
  entryPoints: [...modules, ...named].map((path) => ({ in: join(folder, path), out: basename(path, '.js') })),
  outdir: output,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [keepPlaces],
})
