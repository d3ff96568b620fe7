#!/usr/bin/env node
/**
 * The public interface of every package as text, made from the declarations that the compiler emits: `docs/api/<package>.txt`. A test compares them, so a change of the interface shows in the
 * change that makes it.
 *
 * usage: node tools/release/api-report.mjs [--write]     compares with the checked-in reports, or writes them
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from '../run/root.mjs'
import { manifestOf, publishedPackages } from './pack.mjs'

/** Entry points without a promise of stability. */
export const UNSTABLE = new Set(['./internal', './bench'])

/**
 * @typedef {{ name: string, text: string }} Declared a declaration without comments and private members
 * @typedef {{ declared: Declared[], exported: { name: string, as: string, from: string | undefined }[], all: string[], imported: Map<string, { name: string, from: string }> }} Module
 */

/** @param {string} name folder below `packages/` */
function reportPath(name) {
  return join(root, 'docs/api', `${name}.txt`)
}

/**
 * The report of a built package.
 *
 * @param {string} name folder below `packages/`
 */
export function apiReport(name) {
  const { name: fullName, exports = {} } = /** @type {{ name: string, exports?: Record<string, { types?: string }> }} */ (
    manifestOf(name)
  )
  const entries = Object.entries(exports).filter(([entry, { types }]) => types !== undefined && !UNSTABLE.has(entry))
  const parts = entries.map(([entry, { types }]) => {
    const found = interfaceOf(join(root, 'packages', name, types ?? ''))
    return `# ${join(fullName, entry)}\n\n${[...found.values()].sort().join('\n\n')}\n`
  })
  return parts.join('\n')
}

/**
 * @param {string} entry path of a declaration file
 * @returns {Map<string, string>} text by name
 */
function interfaceOf(entry) {
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const { name, as, file } of exportsOf(entry)) {
    const { texts, bases } = declarationOf(file, name)
    const title = as === name ? as : `${as} (${name})`
    found.set(as, `${title}\n${indented(texts.join('\n'))}`)
    for (const base of bases) {
      if (!found.has(base.name)) found.set(base.name, `${base.name} (not exported, inherited from)\n${indented(base.text)}`)
    }
  }
  return found
}

/** @param {string} text */
function indented(text) {
  return text.replace(/^(?=.)/gm, '  ')
}

/**
 * @param {string} path
 * @returns {{ name: string, as: string, file: string }[]}
 */
function exportsOf(path) {
  const { declared, exported, all } = moduleAt(path)
  const own = declared.filter(({ text }) => text.startsWith('export ')).map(({ name }) => ({ name, as: name, file: path }))
  const passed = exported.map(({ name, as, from }) => ({ name, as, file: from === undefined ? path : fileOf(path, from) }))
  const whole = all.flatMap((from) => exportsOf(fileOf(path, from)))
  const unique = new Map([...whole, ...passed, ...own].map((one) => [one.as, one]))
  return [...unique.values()]
}

/**
 * Declarations of a name, and of the classes and interfaces of the package that they extend.
 *
 * @param {string} path
 * @param {string} name
 * @returns {{ texts: string[], bases: Declared[] }}
 */
function declarationOf(path, name) {
  if (!path.startsWith('/')) return { texts: [`from ${path}`], bases: [] }
  const { declared, exported, imported, all } = moduleAt(path)
  const own = declared.filter((one) => one.name === name)
  if (own.length > 0) return { texts: own.map(({ text }) => text), bases: own.flatMap((one) => basesOf(path, one)) }
  const passed = exported.find(({ as, from }) => as === name && from !== undefined)
  const way = passed ?? imported.get(name)
  if (way?.from !== undefined) return declarationOf(fileOf(path, way.from), way.name)
  const from = all.find((one) => exportsOf(fileOf(path, one)).some(({ as }) => as === name))
  if (from === undefined) throw new Error(`${path} does not declare ${name}`)
  return declarationOf(fileOf(path, from), name)
}

/**
 * @param {string} path
 * @param {Declared} declared
 * @returns {Declared[]}
 */
function basesOf(path, { name, text }) {
  const heritage = /\bextends ([\w.<>, ]+?)(?: implements [^{]*)?\{/.exec(text.split('\n')[0] ?? '')?.[1] ?? ''
  const { declared, imported } = moduleAt(path)
  return [...new Set(heritage.match(/\w+/g) ?? [])].flatMap((base) => {
    const isKnown = declared.some((one) => one.name === base) || imported.get(base)?.from.startsWith('.') === true
    if (base === name || !isKnown) return []
    const { texts, bases } = declarationOf(path, base)
    return [{ name: base, text: texts.join('\n') }, ...bases]
  })
}

/** @param {string} path @param {string} from */
function fileOf(path, from) {
  return from.startsWith('.') ? resolve(dirname(path), from.replace(/\.js$/, '.d.ts')) : from
}

/** @type {Map<string, Module>} */
const modules = new Map()

/**
 * @param {string} path
 * @returns {Module}
 */
function moduleAt(path) {
  const known = modules.get(path)
  if (known !== undefined) return known
  const made = parse(readFileSync(path, 'utf8'))
  modules.set(path, made)
  return made
}

/**
 * The compiler indents every line of a declaration but its first and its last, so that lines show where declarations begin.
 *
 * @param {string} text
 * @returns {Module}
 */
function parse(text) {
  /** @type {Module} */
  const module = { declared: [], exported: [], all: [], imported: new Map() }
  for (const statement of statementsOf(text)) {
    const names = /^(import|export) (?:type )?\{([\s\S]*)\}(?: from '([^']+)')?;$/.exec(statement)
    const all = /^export \* from '([^']+)';$/.exec(statement)
    const declared =
      /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|let|var|function|enum|namespace) (\w+)/.exec(
        statement,
      )
    if (all?.[1] !== undefined) module.all.push(all[1])
    else if (names !== null) addNames(module, names)
    else if (declared?.[1] !== undefined) module.declared.push({ name: declared[1], text: statement })
  }
  return module
}

/** @param {Module} module @param {RegExpExecArray} found */
function addNames(module, [, kind, list = '', from]) {
  for (const part of list.split(',').map((one) => one.trim().replace(/^type /, ''))) {
    const [name = '', as = name] = part.split(' as ')
    if (name === '') continue
    if (kind === 'export') module.exported.push({ name, as, from })
    else if (from !== undefined) module.imported.set(as, { name, from })
  }
}

/** A string, which is kept, or a comment. */
const STRING_OR_COMMENT = /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g
/** Members that a user cannot name. That a constructor is private says that another function makes the object. */
const PRIVATE = /^ {4}(?:#private;|(?:static )?private (?!constructor))/

/** @param {string} text */
function statementsOf(text) {
  /** @type {string[]} */
  const statements = []
  for (const line of text.replace(STRING_OR_COMMENT, (_, kept = '') => kept).split('\n')) {
    if (line.trim() === '' || PRIVATE.test(line)) continue
    if (/^[a-z]/.test(line)) statements.push(line.trimEnd())
    else statements.push(`${statements.pop() ?? ''}\n${line.trimEnd()}`)
  }
  return statements
}

/** @returns {string[]} names of the packages whose report is another */
export function differentReports() {
  return publishedPackages().filter((name) => {
    const path = reportPath(name)
    return !existsSync(path) || readFileSync(path, 'utf8') !== apiReport(name)
  })
}

function main() {
  const different = differentReports()
  if (process.argv.includes('--write')) {
    mkdirSync(join(root, 'docs/api'), { recursive: true })
    for (const name of different) writeFileSync(reportPath(name), apiReport(name))
    console.log(different.length === 0 ? 'nothing changed' : `written: ${different.join(', ')}`)
  } else if (different.length > 0) {
    console.error(`the public interface changed: ${different.join(', ')}; node tools/release/api-report.mjs --write`)
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
