#!/usr/bin/env node
/**
 * Checks what people read: links lead somewhere, packages say what they leave out, decisions are numbered and cover every dependency.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'

const DECISIONS = 'docs/decisions'
/** What a text may name as a file of this repository: a path with a folder in it. */
const NAMED_FILE = /(?<![\w@./<>*$}-])(?:[\w@-][\w.@-]*\/)+[\w-][\w.-]*\.(?:ts|mjs|cc|h|c|md|sh|py|pml)\b(?![\w/*-])/g
const SOURCE = /\.(?:ts|mts|mjs|cc|h|c)$/
const COMMENT = /\/\*[\s\S]*?\*\/|(?:^|\s)\/\/[^\n]*/g
const SCOPE = '@chronicle-ts/'
/** Its section "Protocols" is a table: what is agreed, the links to where that is normative, the files that link there. */
const FORMAT = 'docs/format.md'

/**
 * @param {string} top the checkout
 * @returns {string[]} one line per violation, sorted
 */
export function findDocsViolations(top) {
  return [
    ...checkLinks(top),
    ...checkProtocols(top),
    ...checkNamedFiles(top),
    ...checkPackageReadmes(top),
    ...checkDecisionNumbers(top),
    ...checkDependencies(top),
  ].sort()
}

/** @param {string} top */
function checkLinks(top) {
  return checkoutFiles(top, /\.md$/).flatMap((path) =>
    findLinks(readFileSync(join(top, path), 'utf8')).flatMap(({ target, line }) => {
      const fault = faultOfLink(top, path, target)
      return fault ? [`${path}:${line}: ${fault}`] : []
    }),
  )
}

/**
 * Files that documents name in backticks, and comments anywhere, exist: as a path of the checkout or as the end of one.
 *
 * @param {string} top
 */
function checkNamedFiles(top) {
  const paths = checkoutFiles(top, /./)
  const known = new Set(paths.flatMap((path) => path.split('/').map((_, index, parts) => parts.slice(index).join('/'))))
  return paths
    .filter((path) => path.endsWith('.md') || SOURCE.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(top, path), 'utf8')
      const texts = path.endsWith('.md') ? text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').match(/`[^`\n]*`/g) : text.match(COMMENT)
      const names = new Set((texts ?? []).flatMap((part) => part.match(NAMED_FILE) ?? []))
      return [...names].filter((name) => !known.has(name)).map((name) => `${path}: names ${name}, which does not exist`)
    })
}

/**
 * Inline links and images outside code.
 *
 * @param {string} text
 */
function findLinks(text) {
  return [...withoutCode(text).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)\n]*\)/g)].map((match) => ({
    target: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

/**
 * Blanks code, keeping every newline where it is.
 *
 * @param {string} text
 */
function withoutCode(text) {
  const blank = (/** @type {string} */ code) => code.replace(/[^\n]/g, ' ')
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank)
}

/**
 * @param {string} top
 * @param {string} path
 * @param {string} target
 */
function faultOfLink(top, path, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined
  const [file = '', anchor] = decodeURI(target).split('#')
  const resolved = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file))
  if (resolved.startsWith('..') || file.startsWith('/')) return `${target} leaves the repository`
  if (!existsSync(join(top, resolved))) return `${target} does not exist`
  if (!anchor || !resolved.endsWith('.md')) return undefined
  return headingAnchors(readFileSync(join(top, resolved), 'utf8')).has(anchor) ? undefined : `${target} names no heading`
}

/**
 * The anchors that GitHub gives to the headings of a text.
 *
 * @param {string} text
 */
function headingAnchors(text) {
  const anchors = new Set()
  for (const [, heading = ''] of text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count++) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/**
 * Each file that a row of the table "Protocols" names has a link to one of the normative places of the row.
 *
 * @param {string} top
 */
function checkProtocols(top) {
  const path = join(top, FORMAT)
  if (!existsSync(path)) return []
  const [, section = ''] = readFileSync(path, 'utf8').split(/^## Protocols$/m)
  const [table = ''] = section.split(/^## /m)
  const rows = [...table.matchAll(/^\| ([^|]+) \| ([^|]*\]\([^|]+) \| ([^|]+) \|$/gm)]
  if (section !== '' && rows.length === 0) return [`${FORMAT}: the table of protocols has no row`]
  return rows.flatMap(([, protocol = '', normative = '', linking = '']) => {
    const places = linkedPlaces(FORMAT, normative)
    return [...linking.matchAll(/`([^`]+)`/g)].flatMap(([, file = '']) => {
      if (!existsSync(join(top, file))) return [`${FORMAT}: ${protocol}: ${file} does not exist`]
      const found = linkedPlaces(file, readFileSync(join(top, file), 'utf8'))
      return places.some((place) => found.includes(place))
        ? []
        : [`${file}: has no link to ${places.join(' or ')}, for ${protocol}`]
    })
  })
}

/**
 * Where the links of a text lead, with their anchors.
 *
 * @param {string} path
 * @param {string} text
 */
function linkedPlaces(path, text) {
  return findLinks(text).map(({ target }) => {
    const [file = '', anchor = ''] = target.split('#')
    return `${file === '' ? path : posix.normalize(posix.join(posix.dirname(path), file))}#${anchor}`
  })
}

/** @param {string} top */
function checkPackageReadmes(top) {
  return packageFolders(top).flatMap((folder) => {
    const path = `${folder}/README.md`
    if (!existsSync(join(top, path))) return [`${path}: is missing`]
    if (!folder.startsWith('packages/')) return []
    const saysWhatIsLeftOut = /\b(does|do) +[*_]*not\b/i.test(readFileSync(join(top, path), 'utf8'))
    return saysWhatIsLeftOut ? [] : [`${path}: does not say what the package does not do`]
  })
}

/** @param {string} top */
function packageFolders(top) {
  return manifestPaths(top)
    .map((path) => posix.dirname(path))
    .filter((folder) => folder !== '.')
}

/** @param {string} top */
function manifestPaths(top) {
  return checkoutFiles(top, /^package\.json$/)
}

/** @param {string} top */
function checkDecisionNumbers(top) {
  const names = decisionNames(top).sort()
  const badNames = names.filter((name) => !/^\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.md$/.test(name))
  const numbered = names.filter((name) => !badNames.includes(name))
  const wrong = numbered.filter((name, index) => Number(name.slice(0, 4)) !== index + 1)
  return [
    ...badNames.map((name) => `${DECISIONS}/${name}: must be named NNNN-title-in-kebab-case.md`),
    // One gap or duplicate shifts all that follow: the first says where.
    ...wrong
      .slice(0, 1)
      .map((name) => `${DECISIONS}/${name}: should be number ${numbered.indexOf(name) + 1}; numbers run from 0001 without gaps`),
  ]
}

/** @param {string} top */
function decisionNames(top) {
  const folder = join(top, DECISIONS)
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return []
  return checkoutFiles(top, /./, DECISIONS).map((path) => path.slice(DECISIONS.length + 1))
}

/** @param {string} top */
function checkDependencies(top) {
  const decisions = decisionNames(top).map((name) => readFileSync(join(top, DECISIONS, name), 'utf8'))
  const words = new Set(decisions.join('\n').match(/[@\w][\w./-]*\w/g))
  return manifestPaths(top).flatMap((path) =>
    dependencyNames(join(top, path))
      .filter((name) => !words.has(name) && !words.has(name.replace(/^@types\//, '')))
      .map((name) => `${path}: no decision in ${DECISIONS} is about ${name}`),
  )
}

/**
 * Dependencies from outside the workspace.
 *
 * @param {string} manifest
 */
function dependencyNames(manifest) {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
  const names = Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies })
  return names.filter((name) => !name.startsWith(SCOPE))
}

runAsCheck(import.meta.url, findDocsViolations)
