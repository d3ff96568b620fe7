#!/usr/bin/env node
/**
 * Makes `chron-cli` as one file for hosts without npm, from the built checkout:
 *
 *   node tools/release/single-file/build.mjs                  build/single-file/chron-cli.cjs, which needs Node.js 20.19 or later on the host
 *   node tools/release/single-file/build.mjs --executable     build/single-file/chron-cli too, which brings the Node.js that made it
 *
 * Each is tried in an empty folder before the command ends.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../../run/root.mjs'
import { dropOutdatedPrebuilds } from '../pack.mjs'
import { trySingleFile } from './try-single-file.mjs'

/**
 * The bundler of the dashboard, which `packages/cli` depends on.
 *
 * @type {typeof import('esbuild')}
 */
const esbuild = createRequire(join(root, 'packages/cli/package.json'))('esbuild')

const POSTJECT = 'postject@1.0.0-alpha.6'
/** The mark in Node.js that postject sets; it is the same in every version. */
const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

/**
 * @param {string} output path of the file
 * @returns {Promise<void>}
 */
export async function bundle(output) {
  mkdirSync(dirname(output), { recursive: true })
  await esbuild.build({
    entryPoints: [fileURLToPath(new URL('./start.mjs', import.meta.url))],
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // As an installed package: the repository that the file may lie in says nothing about its commit.
    define: { 'import.meta.url': 'singleFileUrl', 'import.meta.dirname': "'/node_modules/'" },
    plugins: [embedNeighbours],
    banner: {
      js: `#!/usr/bin/env node\nconst singleFileUrl = require('node:url').pathToFileURL(__filename).href;\nconst singleFile = ${JSON.stringify(parts())};`,
    },
    logLevel: 'warning',
    legalComments: 'none',
  })
  chmodSync(output, 0o755)
}

/** What the program finds beside itself when it is installed, in base64: addons of this architecture by C library, and the page of `chron-cli ui`. */
function parts() {
  dropOutdatedPrebuilds()
  const native = join(root, 'packages/native')
  const prebuilt = ['glibc', 'musl'].map((library) => [library, `prebuilds/linux-${process.arch}-${library}/chronicle.node`])
  const found = prebuilt.filter(([, path = '']) => existsSync(join(native, path)))
  // This machine's own build serves the C library of this machine, which only the start knows.
  const addons = found.length > 0 ? found : [['own', 'dist/chronicle.node']]
  const read = (/** @type {string} */ path) => readFileSync(path).toString('base64')
  const page = ['app.mjs', 'app.css', 'index.html'].map((name) => [name, read(join(root, 'packages/cli/dist/ui', name))])
  return {
    addons: Object.fromEntries(addons.map(([library, path = '']) => [library, read(join(native, path))])),
    pageFiles: Object.fromEntries(page),
  }
}

const NEIGHBOUR = /readFileSync\(new URL\('([^']+)', import\.meta\.url\), 'utf8'\)/g
/** What a module finds beside itself when it is installed, and in the single file in `start.mjs`. */
const REPLACED = [
  { file: 'ui-server.js', code: "fileURLToPath(new URL('../../../dist/ui', import.meta.url))", by: 'singleFile.page()' },
  { file: 'worker-process.js', code: 'const node = [PROGRAM, ', by: 'const node = [...singleFile.worker, ' },
  // Loaded when they are needed, where there are packages to load them from.
  { file: 'cli/dist/diagnostics.js', code: "load('pino')", by: "require('pino')" },
  { file: 'schema/dist/index.js', code: 'load("saxes")', by: 'require("saxes")' },
  // CommonJS has no `await` outside of functions.
  { file: 'bench-worker.js', code: '\ntry {\n', by: '\nvoid (async () => { try {\n' },
  { file: 'bench-worker.js', code: '//# sourceMappingURL', by: '})()\n//# sourceMappingURL' },
]

/**
 * Puts the text of files that a module reads beside itself into the bundle, and leads `ui` and `bench` to what {@link REPLACED} says.
 *
 * @type {import('esbuild').Plugin}
 */
const embedNeighbours = {
  name: 'embed-neighbours',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/(cli|schema)\/dist\/.*\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8').replace(NEIGHBOUR, (_, name) =>
        JSON.stringify(readFileSync(join(dirname(path), name), 'utf8')),
      )
      for (const { file, code, by } of REPLACED.filter((one) => path.endsWith(`/${one.file}`))) {
        if (!contents.includes(code)) throw new Error(`${path} has changed: ${file} is to contain ${code}`)
        contents = contents.replace(code, by)
      }
      return { contents, loader: 'js' }
    })
  },
}

/**
 * Node.js with the bundle inside.
 *
 * @param {string} script the bundle
 * @param {string} output path of the executable
 */
function makeExecutable(script, output) {
  const main = `${script}.main.cjs`
  const config = `${script}.sea.json`
  const blob = `${script}.blob`
  writeFileSync(main, readFileSync(script, 'utf8').replace(/^#!.*/, ''))
  writeFileSync(config, JSON.stringify({ main, output: blob, disableExperimentalSEAWarning: true }))
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'inherit' })
  copyFileSync(process.execPath, output)
  chmodSync(output, 0o755)
  const words = ['--yes', POSTJECT, output, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', SENTINEL]
  // It warns about sections of the distribution's Node.js that it leaves as they are.
  const { status, stderr } = spawnSync('npx', words, { encoding: 'utf8', cwd: dirname(output) })
  if (status !== 0) throw new Error(`${POSTJECT}: exit code ${status}\n${stderr}`)
  for (const path of [main, config, blob]) rmSync(path)
}

async function main() {
  const script = join(root, 'build/single-file/chron-cli.cjs')
  await bundle(script)
  const made = [script]
  if (process.argv.includes('--executable')) {
    const executable = join(root, 'build/single-file/chron-cli')
    makeExecutable(script, executable)
    made.push(executable)
  }
  for (const path of made) {
    trySingleFile(path)
    console.log(`${path}: ${(statSync(path).size / 1e6).toFixed(1)} MB, tried in an empty folder`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
