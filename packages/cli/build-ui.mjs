// Bundles the dashboard of chron-cli into dist/ui: one script, one style sheet, one page, and nothing from elsewhere. The endings keep the outputs apart from what the compiler makes of src.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const folder = fileURLToPath(new URL('.', import.meta.url))
const output = `${folder}dist/ui`

mkdirSync(output, { recursive: true })
await build({
  entryPoints: [`${folder}ui/app.tsx`],
  outfile: `${output}/app.mjs`,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'eof',
  logLevel: 'warning',
})
const uplot = fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css'))
writeFileSync(`${output}/app.css`, readFileSync(uplot, 'utf8') + readFileSync(`${folder}ui/app.css`, 'utf8'))
copyFileSync(`${folder}ui/index.html`, `${output}/index.html`)
