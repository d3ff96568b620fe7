#!/usr/bin/env node
/**
 * Does everything of a release up to the upload, and the upload on request.
 *
 * usage: npm run release -- --dry-run      versions, changelog, two builds with equal sums, pack, install in an empty folder, README, chron-cli as one file
 *        npm run release -- --publish     the same, then `npm publish` of every tarball
 *
 * Exits 1 at the first step that fails. A dry run without prebuilt addons says so and goes on with this machine's own build; publishing refuses.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { root } from '../run/root.mjs'
import { addLocalAddon, manifestOf, packAll, publishedPackages } from './pack.mjs'

const [mode] = process.argv.slice(2)
if (mode !== '--dry-run' && mode !== '--publish') {
  console.error('usage: npm run release -- --dry-run | --publish')
  process.exit(1)
}
const scratch = mkdtempSync(join(tmpdir(), 'chronicle-release-'))

/** @param {string} title @param {() => string} work */
function step(title, work) {
  process.stdout.write(`${title}: `)
  console.log(work())
}

/** @param {string} command @param {string[]} words @param {string} cwd */
function run(command, words, cwd) {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: exit code ${status}\n${stdout}\n${stderr}`)
  return stdout
}

function checkVersions() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const name of publishedPackages()) {
    const manifest = manifestOf(name)
    if (manifest.version !== version)
      throw new Error(`${manifest.name} has version ${manifest.version}, the checkout has ${version}`)
    for (const [dependency, wanted] of Object.entries(manifest.dependencies ?? {}))
      if (dependency.startsWith('@chronicle-ts/') && wanted !== version)
        throw new Error(`${manifest.name} depends on ${dependency} ${wanted} instead of ${version}`)
  }
  return `${publishedPackages().length} packages of ${version}`
}

/** The checkout's own manifest names the repository for all: READMEs link to it, and registries show it. */
function checkRepository() {
  /** @type {{ repository?: { type: string, url: string } }} */
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wrong = publishedPackages().filter((name) => {
    const expected = repository && { ...repository, directory: `packages/${name}` }
    return !isDeepStrictEqual(manifestOf(name).repository, expected)
  })
  if (wrong.length > 0)
    throw new Error(`package.json and these packages name different repositories or folders: ${wrong.join(', ')}`)
  if (repository !== undefined) return repository.url
  if (mode === '--publish') throw new Error('package.json names no repository, so that READMEs link to no document')
  return 'package.json names none (a release needs it, in each package with its folder: READMEs name documents without a link until then)'
}

function checkChangelog() {
  const text = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  const { version } = manifestOf('core')
  const heading = [`## [${version}]`, '## [Unreleased]'].find((line) => text.includes(line))
  if (heading === undefined) throw new Error(`CHANGELOG.md has neither ${version} nor Unreleased`)
  const entries = (text.split(heading)[1]?.split('\n## ')[0] ?? '').match(/^- /gm)?.length ?? 0
  if (entries === 0) throw new Error(`CHANGELOG.md says nothing below ${heading}`)
  if (mode === '--publish' && heading !== `## [${version}]`) throw new Error(`CHANGELOG.md has no section ${version}`)
  return `${entries} entries below ${heading}`
}

/** @param {string} path */
const sumOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')

/**
 * A clean build of what is committed, in a folder of its own.
 *
 * @param {string} name
 * @returns {Map<string, string>} file -> sum, of everything that a package ships and a build makes
 */
function cleanBuild(name) {
  const folder = join(scratch, name)
  mkdirSync(folder)
  execFileSync('sh', ['-c', `git -C "${root}" archive HEAD | tar -x -C "${folder}"`])
  run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], folder)
  run('npm', ['run', 'build'], folder)
  const files = run('sh', ['-c', "find packages/*/dist -type f ! -name '*.tsbuildinfo' | sort"], folder).trim().split('\n')
  return new Map(files.map((file) => [file, sumOf(join(folder, file))]))
}

function compareBuilds() {
  const [first, second] = [cleanBuild('first'), cleanBuild('second')]
  const different = [...new Set([...first.keys(), ...second.keys()])].filter((file) => first.get(file) !== second.get(file))
  if (different.length > 0) throw new Error(`two builds differ in ${different.join(', ')}`)
  return `${first.size} files, equal sums`
}

function checkPrebuilds() {
  const { status, stderr } = spawnSync(process.execPath, ['prebuild.mjs', '--check'], {
    cwd: join(root, 'packages/native'),
    encoding: 'utf8',
  })
  if (status === 0) return 'four platforms, of these sources'
  if (mode === '--publish') throw new Error(stderr)
  return `missing: ${stderr.match(/linux-\w+-\w+/g)?.join(', ')} (a release needs them: npm run prebuild-addon -w @chronicle-ts/native)`
}

/** @param {Map<string, string>} tarballs */
function tryInstalled(tarballs) {
  const application = join(scratch, 'application')
  mkdirSync(application)
  writeFileSync(join(application, 'package.json'), JSON.stringify({ name: 'application', private: true, type: 'module' }))
  const files = [...tarballs].map(([name, path]) => `${name}@file:${path}`)
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...files], application)
  const isLocal = addLocalAddon(application)
  const program = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(application, 'prices.mjs'), program.replaceAll('/tmp/prices', join(application, 'prices')))
  const printed = run(process.execPath, ['prices.mjs'], application)
  if (!printed.includes('BTC-USD')) throw new Error(`the program of the README printed ${printed}`)
  const cli = run(join(application, 'node_modules/.bin/chron-cli'), ['inspect', 'prices', '--json'], application)
  if (!cli.includes('"schemaVersion"')) throw new Error(`chron-cli printed ${cli}`)
  return `README program and chron-cli ran${isLocal ? " with this machine's own addon" : ''}`
}

/** Built and tried in an empty folder; the executable needs the network and is made by hand. */
function makeSingleFile() {
  return run(process.execPath, [join(root, 'tools/release/single-file/build.mjs')], root).trim()
}

/** @param {Map<string, string>} tarballs */
function upload(tarballs) {
  for (const path of tarballs.values()) run('npm', ['publish', path, '--access', 'public'], scratch)
  return `${tarballs.size} packages`
}

try {
  step('versions', checkVersions)
  step('changelog', checkChangelog)
  step('repository', checkRepository)
  step('two builds', compareBuilds)
  step('prebuilt addons', checkPrebuilds)
  const tarballs = packAll(scratch)
  step('packed', () => [...tarballs.values()].map((path) => `\n  ${sumOf(path).slice(0, 16)}  ${basename(path)}`).join(''))
  step('installed', () => tryInstalled(tarballs))
  step('chron-cli as one file', makeSingleFile)
  if (mode === '--publish') step('published', () => upload(tarballs))
  else console.log('not published: this was a dry run')
} catch (error) {
  console.log('FAILED')
  console.error(error instanceof Error ? error.message.slice(0, 4000) : error)
  process.exitCode = 1
} finally {
  if (existsSync(scratch)) rmSync(scratch, { recursive: true, force: true })
}
