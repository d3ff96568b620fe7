#!/usr/bin/env node
/**
 * Checks that imports point only downwards. ARCHITECTURE.md has the picture and the table of what each package imports.
 *
 * Run as a program it prints one line per violation and exits 1; `findLayerViolations` is the same check for its test.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { checkoutFiles, runAsCheck } from './checkout-files.mjs'

const SCOPE = '@chronicle-ts/'

/**
 * What each layer may import. Only core and inspect touch native: everything above sees queues, never mappings.
 *
 * @type {Record<string, string[] | undefined>}
 */
const ALLOWED = {
  native: [],
  core: ['native'],
  schema: [],
  inspect: ['core', 'native'],
  typed: ['core', 'schema'],
  bus: ['core', 'inspect'],
  fanin: ['core'],
  topics: ['core', 'schema', 'bus', 'fanin', 'typed'],
  replay: ['core', 'fanin'],
  telemetry: ['core'],
  bridge: ['core', 'schema'],
  testing: ['core', 'bus', 'schema', 'typed', 'replay'],
  cli: ['core', 'schema', 'inspect', 'typed', 'bus', 'replay', 'bridge'],
  examples: ['core', 'schema', 'typed', 'bus', 'fanin', 'topics', 'replay', 'bridge', 'testing', 'cli'],
  tools: ['core', 'schema', 'inspect', 'typed', 'bus', 'fanin', 'topics', 'replay', 'bridge', 'testing', 'telemetry', 'cli'],
}

/** Entries of a package beside its first one, and the layers that may import them. Where the examples are not among them, programs of users may not. */
const INNER_ENTRIES = [
  {
    entry: '@chronicle-ts/core/internal',
    importers: ['inspect', 'typed', 'bus', 'fanin', 'replay', 'topics', 'testing', 'telemetry', 'bridge', 'cli', 'tools'],
  },
  { entry: '@chronicle-ts/schema/protobuf', importers: ['typed', 'topics', 'testing', 'bridge', 'cli', 'examples', 'tools'] },
  { entry: '@chronicle-ts/cli/bench', importers: ['tools'] },
  { entry: '@chronicle-ts/bridge/progress', importers: ['cli', 'tools'] },
]

const TEST = /^packages\/[^/]+\/test\/|\.test\.ts$/

/** Files that may import more than their layer allows, and why. */
const EXCEPTIONS = [
  // A benchmark per hot function: the addon's checksum has no name above native.
  { importers: /^tools\/(bench\/|package\.json$)/, packages: ['native'], folders: [] },
  // What killed processes were promised is kept in mapped words that outlive them.
  { importers: /^tools\/evidence\/kill\/ledger\.ts$/, packages: ['native'], folders: [] },
  // One file brings the addons of both C libraries, and chooses as the package does.
  { importers: /^tools\/release\/single-file\/start\.mjs$/, packages: [], folders: ['packages/native'] },
  // The tests of the bridge run over real servers, which testing starts; it stands above.
  { importers: /^packages\/bridge\/(test\/|package\.json$)/, packages: ['testing'], folders: [] },
  // So are those of the command.
  { importers: /^packages\/cli\/(src\/commands\/bridge\/bridge\.test\.ts$|package\.json$)/, packages: ['testing'], folders: [] },
  // Core's own tests of queues run over queues in memory, too.
  { importers: /^packages\/testing\/test\/oracle\//, packages: [], folders: ['packages/core'] },
  // What a writer or recovery left is asked for with inspect, which stands above core: core cannot declare it.
  { importers: /^packages\/core\/(src\/.*\.test\.ts$|test\/)/, packages: ['inspect'], folders: [] },
  // The tests of inspect build damaged queues as those of core do.
  { importers: /^packages\/inspect\/(src\/.*\.test\.ts$|test\/)/, packages: [], folders: ['packages/core/test/support'] },
  // Four things import no package of this project: the independent reader of the format, the effort of a run, what programs are compiled with and the compilers of types. So the
  // tests of every package may ask them.
  {
    importers: TEST,
    packages: [],
    folders: ['tools/evidence/witness', 'tools/evidence/effort', 'tools/evidence/preload', 'tools/evidence/compilers'],
  },
  { importers: /^packages\/native\/sanitize\.mjs$/, packages: [], folders: ['tools/evidence/effort'] },
  // The page of options is compared with what the code resolves to, which has no public name.
  { importers: /^tools\/options\.test\.ts$/, packages: [], folders: ['packages/core/src', 'packages/fanin/src'] },
  // The page of errors is compared with the classes of every package, those of the program and the addon included.
  { importers: /^tools\/errors\.test\.ts$/, packages: ['native'], folders: ['packages/cli/src'] },
  // The one file is made of what the compiler emitted, and of a program without a public name.
  { importers: /^tools\/release\/single-file\//, packages: [], folders: ['packages/cli/dist'] },
  // Its own test builds queues byte by byte, damaged ones too.
  { importers: /^tools\/evidence\/witness\//, packages: [], folders: ['packages/core/src/format'] },
]

/**
 * Folders inside a package, the lowest first: a file imports from its own folder and those below it. Files beside the folders (defaults, index) are not ordered, and tests may use all that
 * they test.
 *
 * @type {Record<string, string[]>}
 */
const FOLDER_ORDER = {
  'packages/core/src': [
    'format',
    'errors',
    'files',
    'records',
    'control',
    'segment',
    'wait',
    'positions',
    'retention',
    'recovery',
    'reader',
    'writer',
  ],
}

const SOURCE_FILE = /\.(ts|mts|cts|js|mjs|cjs)$/

// Statements begin their line, so that examples in comments are not taken for imports; a dynamic import may stand anywhere in a line.
const STATIC_IMPORT = /^[ \t]*(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm
const DYNAMIC_IMPORT = /^(?![ \t]*(?:\/\/|\*|\/\*))[^'"`\n]*?\b(?:import|require)\(\s*(['"])([^'"\n]+)\1/gm

/**
 * @param {string} top folder that holds `packages`, `examples` and `tools`
 * @returns {string[]} one line per violation: file, line and what is wrong; sorted
 */
export function findLayerViolations(top) {
  const layers = layerFolders(top)
  return [...layers]
    .flatMap(([layer, folder]) => [...checkManifest(top, layer, folder), ...checkSources(top, layer, folder)])
    .concat(findCircles(top))
    .sort()
}

/** @param {string} top */
function layerFolders(top) {
  const packages = readdirSync(join(top, 'packages'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const folders = new Map(packages.map(({ name }) => [name, `packages/${name}`]))
  for (const name of ['examples', 'tools']) if (existsSync(join(top, name))) folders.set(name, name)
  return folders
}

/**
 * @param {string} top
 * @param {string} layer
 * @param {string} folder
 */
function checkManifest(top, layer, folder) {
  const path = `${folder}/package.json`
  if (!ALLOWED[layer]) return [`${folder}: a package that tools/check-layers.mjs gives no layer`]
  const allowed = allowedPackages(layer, path)
  return workspaceDependencies(join(top, path))
    .filter((name) => !allowed.includes(name))
    .map((name) => `${path}: ${layer} must not depend on ${SCOPE}${name}`)
}

/** @param {string} path */
function workspaceDependencies(path) {
  return Object.keys(declaredDependencies(path))
    .filter((name) => name.startsWith(SCOPE))
    .map((name) => name.slice(SCOPE.length))
}

/** @param {string} path */
function declaredDependencies(path) {
  if (!existsSync(path)) return {}
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = JSON.parse(readFileSync(path, 'utf8'))
  return { ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies }
}

/**
 * @param {string} top
 * @param {string} layer
 * @param {string} folder
 */
function checkSources(top, layer, folder) {
  const declared = {
    ...declaredDependencies(join(top, 'package.json')),
    ...declaredDependencies(join(top, folder, 'package.json')),
    ...ownNames(join(top, folder, 'package.json')),
  }
  return checkoutFiles(top, SOURCE_FILE, folder).flatMap((path) =>
    findImports(readFileSync(join(top, path), 'utf8')).flatMap(({ specifier, line }) => {
      const fault = specifier.startsWith('.')
        ? faultOfRelative(path, folder, specifier)
        : faultOfPackage({ layer, path }, specifier, declared)
      return fault ? [`${path}:${line}: ${fault}`] : []
    }),
  )
}

/**
 * The `#names` that a package gives to files of its own.
 *
 * @param {string} path of its package.json
 * @returns {Record<string, string>}
 */
function ownNames(path) {
  if (!existsSync(path)) return {}
  return JSON.parse(readFileSync(path, 'utf8')).imports ?? {}
}

/** @param {string} text */
function findImports(text) {
  return [STATIC_IMPORT, DYNAMIC_IMPORT].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match[2] ?? '',
      line: text.slice(0, match.index + match[0].length).split('\n').length,
    })),
  )
}

/**
 * @param {string} path
 * @param {string} folder
 * @param {string} specifier
 */
function faultOfRelative(path, folder, specifier) {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  if (!isInside(target, folder)) {
    const mayReach = exceptionsFor(path).some(({ folders }) => folders.some((reached) => isInside(target, reached)))
    return mayReach ? undefined : `${specifier} leaves ${folder}; import the package by its name`
  }
  return faultOfOrder(path, target, specifier)
}

/**
 * @param {string} path
 * @param {string} target
 * @param {string} specifier
 */
function faultOfOrder(path, target, specifier) {
  const base = Object.keys(FOLDER_ORDER).find((folder) => isInside(path, folder))
  const order = (base && FOLDER_ORDER[base]) || []
  const folderOf = (/** @type {string} */ file) => file.slice(`${base}/`.length).split('/').slice(0, -1)[0]
  const from = folderOf(path)
  if (base === undefined || from === undefined || TEST.test(path)) return undefined
  if (!order.includes(from)) return `${base}/${from} is a folder that tools/check-layers.mjs gives no place`
  const to = folderOf(target)
  if (to === undefined || order.indexOf(to) <= order.indexOf(from)) return undefined
  return `${specifier} points up: ${from} stands below ${to}`
}

/**
 * Circles of imports, also of types: none of their files can be read, tested or moved without the others.
 *
 * @param {string} top
 */
function findCircles(top) {
  const files = checkoutFiles(top, SOURCE_FILE)
  const known = new Set(files)
  const graph = new Map(files.map((path) => [path, importedFiles(top, path, known)]))
  /** @type {Map<string, 'open' | 'done'>} */
  const states = new Map()
  /** @type {string[]} */
  const circles = []
  const visit = (/** @type {string} */ path, /** @type {string[]} */ trail) => {
    states.set(path, 'open')
    for (const next of graph.get(path) ?? []) {
      const state = states.get(next)
      if (state === 'open')
        circles.push(`${path}: imports in a circle: ${[...trail.slice(trail.indexOf(next)), next].join(' -> ')}`)
      else if (state === undefined) visit(next, [...trail, next])
    }
    states.set(path, 'done')
  }
  for (const path of files) if (!states.has(path)) visit(path, [path])
  return circles
}

/**
 * @param {string} top
 * @param {string} path
 * @param {ReadonlySet<string>} known
 */
function importedFiles(top, path, known) {
  return findImports(readFileSync(join(top, path), 'utf8')).flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return []
    const target = posix.normalize(posix.join(posix.dirname(path), specifier))
    const source = [target, target.replace(/\.js$/, '.ts')].find((candidate) => known.has(candidate))
    return source === undefined ? [] : [source]
  })
}

/**
 * @param {string} path
 * @param {string} folder
 */
function isInside(path, folder) {
  return path.startsWith(`${folder}/`)
}

/**
 * @param {string} layer
 * @param {string} path
 */
function allowedPackages(layer, path) {
  return [...(ALLOWED[layer] ?? []), ...exceptionsFor(path).flatMap(({ packages }) => packages)]
}

/** @param {string} path */
function exceptionsFor(path) {
  return EXCEPTIONS.filter(({ importers }) => importers.test(path))
}

/**
 * @param {{ layer: string, path: string }} importer
 * @param {string} specifier
 * @param {Record<string, string>} declared
 */
function faultOfPackage({ layer, path }, specifier, declared) {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined
  const name = packageName(specifier)
  if (!name.startsWith(SCOPE)) return declared[name] ? undefined : `${name} is not declared in package.json`
  const target = name.slice(SCOPE.length)
  if (target !== layer && !allowedPackages(layer, path).includes(target)) return `${layer} must not import ${name}`
  if (!isEntry(layer, name, specifier)) return `${specifier} reaches into a package; import ${name}`
  const isException = !ALLOWED[layer]?.includes(target)
  if (target !== layer && !isException && !declared[name]) return `${name} is not declared in package.json`
  return undefined
}

/**
 * @param {string} layer
 * @param {string} name
 * @param {string} specifier
 */
function isEntry(layer, name, specifier) {
  if (specifier === name || specifier === `${name}/package.json`) return true
  return INNER_ENTRIES.some(
    ({ entry, importers }) => entry === specifier && (importers.includes(layer) || entry.startsWith(`${SCOPE}${layer}/`)),
  )
}

/** @param {string} specifier */
function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

runAsCheck(import.meta.url, findLayerViolations)
