#!/usr/bin/env node
/**
 * Builds the documents and the reference of every package as one static site in `build/site`: `npm run docs`. TypeDoc does not run on this project's compiler, so it is
 * installed on demand, with one of its own, in `build/site-tools`. Warnings are errors, among them links that lead nowhere.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UNSTABLE } from '../release/api-report.mjs'
import { root } from '../run/root.mjs'
import { CATEGORIES, PACKAGES, stagePages } from './stage-pages.mjs'

const TOOLS = { typedoc: '0.28.20', typescript: '6.0.3', '@types/node': '20.19.0' }
const tools = join(root, 'build', 'site-tools')
const site = join(root, 'build', 'site')
const staged = join(tools, 'pages')

/** The part of the menu with what the compiler knows: the packages' exports. */
const REFERENCE = 'Reference'

/** What the documents have code in; others are a warning. */
const LANGUAGES = [
  'typescript',
  'javascript',
  'json',
  'bash',
  'console',
  'ini',
  'yaml',
  'sql',
  'python',
  'rust',
  'cpp',
  'diff',
  'xml',
]

function installTools() {
  if (existsSync(join(tools, 'node_modules/typedoc'))) return
  mkdirSync(tools, { recursive: true })
  writeFileSync(join(tools, 'package.json'), JSON.stringify({ private: true, dependencies: TOOLS }))
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: tools,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

/**
 * Sources of the entries that an application imports.
 *
 * @param {string} name folder below `packages/`
 */
function entriesOf(name) {
  const folder = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.keys(exports)
    .filter((entry) => !UNSTABLE.has(entry))
    .map((entry) => join(folder, 'src', `${entry === '.' ? 'index' : entry}.ts`))
    .filter((path) => existsSync(path))
}

/**
 * Settings for TypeDoc, and for its compiler the project's own, by its paths.
 *
 * @param {string[]} documents
 */
function writeSettings(documents) {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.check.json'), 'utf8'))
  const paths = Object.fromEntries(
    Object.entries(compilerOptions.paths).map(([name, files]) => [
      name,
      files.map((/** @type {string} */ file) => join(root, file)),
    ]),
  )
  const entryPoints = PACKAGES.flatMap(entriesOf)
  const tsconfig = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      ...compilerOptions,
      paths,
      typeRoots: [join(tools, 'node_modules/@types')],
      types: ['node'],
      composite: false,
    },
    files: entryPoints,
  }
  writeFileSync(join(tools, 'tsconfig.json'), JSON.stringify(tsconfig))
  const options = {
    entryPoints,
    plugin: [fileURLToPath(new URL('./link-by-name.mjs', import.meta.url))],
    tsconfig: join(tools, 'tsconfig.json'),
    out: site,
    name: 'chronicle-ts',
    readme: join(staged, 'README.md'),
    projectDocuments: documents.filter((name) => name !== 'README.md').map((name) => join(staged, name)),
    navigation: { includeCategories: true, includeGroups: false },
    defaultCategory: REFERENCE,
    categoryOrder: [...CATEGORIES, REFERENCE],
    customCss: fileURLToPath(new URL('./site.css', import.meta.url)),
    disableSources: true,
    highlightLanguages: LANGUAGES,
    excludePrivate: true,
    excludeInternal: true,
    includeVersion: false,
    treatWarningsAsErrors: true,
    validation: { notExported: false, invalidLink: true, notDocumented: false, invalidPath: true },
    skipErrorChecking: false,
  }
  writeFileSync(join(tools, 'typedoc.json'), JSON.stringify(options))
}

installTools()
writeSettings(stagePages(staged))
const { status } = spawnSync(
  process.execPath,
  [join(tools, 'node_modules/typedoc/bin/typedoc'), '--options', join(tools, 'typedoc.json')],
  {
    cwd: tools,
    stdio: 'inherit',
  },
)
if (status === 0) console.log(`open ${join(site, 'index.html')}`)
process.exitCode = status ?? 1
