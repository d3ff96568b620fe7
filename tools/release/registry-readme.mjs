import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { root } from '../run/root.mjs'

/** Inline links and images. Code is matched too, so that links in it stay as they are. */
const LINK_OR_CODE = /^(```|~~~)[\s\S]*?^\1|`[^`\n]*`(?!\]\()|(!?)\[((?:[^[\]]|`[^`]*`)*)\]\(\s*([^)\s]+)\s*\)/gm

const WHERE_DOCUMENTS_ARE =
  'Documents that are named here by their path belong to the sources of chronicle-ts, and are not in this package.'

/**
 * The README of a package as a registry shows it, where relative links lead nowhere. Those that leave the package become links to the repository; without a repository, their text with the
 * document's name.
 *
 * @param {string} text
 * @param {string} folder of the package, below the checkout
 * @param {{ url: string } | undefined} repository as the checkout's own manifest names it
 */
export function registryReadme(text, folder, repository) {
  let isNamed = false
  const linked = text.replace(LINK_OR_CODE, (all, _fence, image, label, target = '') => {
    const [file = '', anchor] = target.split('#')
    const path = posix.normalize(posix.join(folder, file))
    const isInside = file === '' || path.startsWith(`${folder}/`)
    if (target === '' || /^[a-z][a-z+.-]*:/i.test(target) || isInside) return all
    if (repository !== undefined)
      return `${image}[${label}](${webAddress(repository.url, path)}${anchor === undefined ? '' : `#${anchor}`})`
    if (statSync(join(root, path)).isDirectory()) return label
    isNamed = true
    return label.includes(path) ? label : `${label} (${path})`
  })
  return isNamed ? `${linked.trimEnd()}\n\n${WHERE_DOCUMENTS_ARE}\n` : linked
}

/** @param {string} url of the repository, in the form that npm takes @param {string} path below the checkout */
function webAddress(url, path) {
  const page = url.replace(/^git\+/, '').replace(/\.git$/, '')
  return `${page}/${statSync(join(root, path)).isDirectory() ? 'tree' : 'blob'}/HEAD/${path}`
}

/** What the checkout's own manifest says of the repository. @returns {{ type: string, url: string } | undefined} */
function repositoryOf() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).repository
}

/**
 * Writes the registry's README into a package's folder, of the checkout or of a copy.
 *
 * @param {string} folder
 * @param {string} name folder below `packages/`
 */
export function writeRegistryReadme(folder, name) {
  const path = join(folder, 'README.md')
  writeFileSync(path, registryReadme(readFileSync(path, 'utf8'), `packages/${name}`, repositoryOf()))
}

/** @param {string} name */
const savedReadme = (name) => join(root, 'build/readmes', `${name}.md`)

/**
 * {@link writeRegistryReadme} for as long as npm packs in the checkout: {@link restoreReadme} ends it. One that was interrupted is ended first.
 *
 * @param {string} name folder below `packages/`
 */
export function swapReadme(name) {
  restoreReadme(name)
  const folder = join(root, 'packages', name)
  mkdirSync(dirname(savedReadme(name)), { recursive: true })
  copyFileSync(join(folder, 'README.md'), `${savedReadme(name)}.part`)
  renameSync(`${savedReadme(name)}.part`, savedReadme(name))
  writeRegistryReadme(folder, name)
}

/** @param {string} name folder below `packages/` */
export function restoreReadme(name) {
  if (existsSync(savedReadme(name))) renameSync(savedReadme(name), join(root, 'packages', name, 'README.md'))
}
