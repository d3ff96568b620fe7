#!/usr/bin/env node
/**
 * Builds the documents and the reference of every package as one static site in `build/site`: `npm run docs`. TypeDoc does not run on this project's compiler, so it is
 * installed on demand, with one of its own, in `build/site-tools`. Warnings are errors, among them links that lead nowhere.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../run/root.mjs'

const TOOLS = { typedoc: '0.28.20', typescript: '6.0.3', '@types/node': '20.19.0' }
const tools = join(root, 'build', 'site-tools')
const site = join(root, 'build', 'site')
const staged = join(tools, 'pages')
const PACKAGES = [
  'core',
  'schema',
  'typed',
  'inspect',
  'bus',
  'fanin',
  'topics',
  'replay',
  'testing',
  'telemetry',
  'bridge',
  'cli',
  'native',
]

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

/** Folders whose pages become pages of the site, in the order of its menu. */
const FOLDERS = ['docs/guide', 'docs', '.', ...PACKAGES.map((name) => `packages/${name}`), 'docs/decisions', 'examples']

/**
 * Copies the pages. A link to a folder becomes one to its README, or text where there is none; other files that are linked are copied too.
 *
 * @returns {string[]} their names
 */
function stageDocuments() {
  rmSync(staged, { recursive: true, force: true })
  const names = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => posix.join(folder, name)),
  )
  for (const name of names) {
    mkdirSync(dirname(join(staged, name)), { recursive: true })
    const text = readFileSync(join(root, name), 'utf8')
    // The menu would show the name of the file.
    const title = /^# (.+)$/m.exec(text)?.[1]?.replaceAll('`', '') ?? name
    writeFileSync(
      join(staged, name),
      `---\ntitle: ${JSON.stringify(title)}\n---\n\n${text.replace(LINK, (all, label, target, anchor = '') =>
        linkTo(name, { all, text: label, target, anchor }),
      )}`,
    )
  }
  return names
}

const LINK = /\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g

/**
 * @param {string} page
 * @param {{ all: string, text: string, target: string, anchor: string }} link
 */
function linkTo(page, { all, text, target, anchor }) {
  const path = posix.join(dirname(page), target)
  const source = join(root, path)
  if (!existsSync(source)) return text
  if (statSync(source).isDirectory()) {
    const readme = posix.join(path, 'README.md')
    return FOLDERS.includes(posix.dirname(readme)) && existsSync(join(root, readme))
      ? `[${text}](${posix.relative(dirname(page), readme)}${anchor})`
      : text
  }
  if (path.endsWith('.md')) return FOLDERS.includes(posix.dirname(path)) ? all : text
  mkdirSync(dirname(join(staged, path)), { recursive: true })
  copyFileSync(source, join(staged, path))
  return all
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
  const entryPoints = PACKAGES.map((name) => join(root, 'packages', name, 'src', 'index.ts'))
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
writeSettings(stageDocuments())
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
