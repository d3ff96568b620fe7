/** The documents of the checkout as pages of the site: with title and place in the menu, and links that lead to other pages. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { root } from '../run/root.mjs'

/** Published packages, from the one that an application begins with to the one that it never imports. */
export const PACKAGES = [
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

/** Folders whose pages become pages of the site -> their part of the menu, in its order. */
const FOLDERS = new Map([
  ['docs/guide', "User's guide"],
  ['docs', 'Documents'],
  ...PACKAGES.map((name) => /** @type {const} */ ([`packages/${name}`, 'Packages'])),
  ['.', 'Project'],
  ['examples', 'Project'],
  ['docs/decisions', 'Decisions'],
])
/** Parts of the menu. */
export const CATEGORIES = [...new Set(FOLDERS.values())]

/**
 * Copies the pages. A link to a folder becomes one to its README, or text where there is none; other files that are linked are copied too.
 *
 * @param {string} staged folder that is made again
 * @returns {string[]} their names
 */
export function stagePages(staged) {
  rmSync(staged, { recursive: true, force: true })
  const names = [...FOLDERS.keys()].flatMap(pagesOf)
  for (const name of names) {
    mkdirSync(dirname(join(staged, name)), { recursive: true })
    const text = readFileSync(join(root, name), 'utf8')
    // The menu would show the name of the file.
    const title = TITLE.exec(text)?.[1]?.replaceAll('`', '') ?? name
    const category = FOLDERS.get(posix.dirname(name))
    const linked = withLanguages(text).replace(LINK, (all, label, target, anchor = '') =>
      linkTo(staged, name, { all, text: label, target, anchor }),
    )
    // The first page has a title of the site above it.
    const body = name === 'README.md' ? linked.replace(TITLE, '') : linked
    writeFileSync(
      join(staged, name),
      `---\ntitle: ${JSON.stringify(title)}\ncategory: ${JSON.stringify(category)}\n---\n\n${body}`,
    )
  }
  return names
}

const TITLE = /^# (.+)$/m

/**
 * TypeDoc takes a block without a language for TypeScript.
 *
 * @param {string} text
 */
function withLanguages(text) {
  let isInside = false
  return text.replace(/^```(\w*)$/gm, (fence, language) => {
    isInside = !isInside
    return isInside && language === '' ? '```text' : fence
  })
}

/**
 * @param {string} folder
 * @returns {string[]} the pages of a folder: its README, those to which that links in the order of its links, the others by name
 */
function pagesOf(folder) {
  const found = readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
  const readme = found.includes('README.md') ? readFileSync(join(root, folder, 'README.md'), 'utf8') : ''
  const linked = [...readme.matchAll(LINK)].map(([, , target = '']) => target)
  const ordered = new Set(['README.md', ...linked, ...found.sort()])
  return [...ordered].filter((name) => found.includes(name)).map((name) => posix.join(folder, name))
}

const LINK = /\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)/g

/**
 * @param {string} staged
 * @param {string} page
 * @param {{ all: string, text: string, target: string, anchor: string }} link
 */
function linkTo(staged, page, { all, text, target, anchor }) {
  const path = posix.join(dirname(page), target)
  const source = join(root, path)
  if (!existsSync(source)) return text
  if (statSync(source).isDirectory()) {
    const readme = posix.join(path, 'README.md')
    return FOLDERS.has(posix.dirname(readme)) && existsSync(join(root, readme))
      ? `[${text}](${posix.relative(dirname(page), readme)}${anchor})`
      : text
  }
  if (path.endsWith('.md')) return FOLDERS.has(posix.dirname(path)) ? all : text
  mkdirSync(dirname(join(staged, path)), { recursive: true })
  copyFileSync(source, join(staged, path))
  return all
}
