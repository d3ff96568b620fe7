#!/usr/bin/env node
/**
 * Cross-compiles the addon into `prebuilds/` for every platform that the package carries, with zig (PyPI `ziglang`, or $ZIG). A prebuilt addon that belongs to the
 * present sources is kept, so that a second run does nothing. Minutes per platform otherwise.
 *
 * usage: node prebuild.mjs [--only linux-x64-glibc] [--check | --drop]
 *
 * `--check` builds nothing and exits 1 when any prebuilt addon is missing or older than the sources. `--drop` builds nothing and deletes those that are older: they do not fit the JavaScript around them.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { compileFlags, filesIn, folder, headerFolder, linkFlags, sourceFolder } from './build-settings.mjs'

/** glibc 2.17. */
const GLIBC_MINOR_MAX = 17

/** Folder of the package's prebuilt addon -> target of zig. glibc 2.17 is what every Linux that runs Node 20 has. */
const TARGETS = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.17',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.17',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-musl': 'aarch64-linux-musl',
}

/** The compiler reports more than ours does, and its warnings are of no use to the user of a package. `-s`: no symbols, no paths of the build machine. */
const RELEASE_FLAGS = ['-w', '-s', '-Wl,--build-id=none']

const { only, isCheck, isDrop } = readArguments(process.argv.slice(2))
const outdated = Object.keys(TARGETS).filter((name) => (only === undefined || only === name) && !isCurrent(name))
if (isDrop) {
  for (const name of outdated) rmSync(join(folder, 'prebuilds', name, 'chronicle.node'), { force: true })
} else if (isCheck) {
  for (const name of outdated)
    console.error(`prebuilds/${name} is missing or older than the sources: run npm run prebuild-addon -w @chronicle-ts/native`)
  process.exitCode = outdated.length === 0 ? 0 : 1
} else if (outdated.length > 0) {
  const zig = findZig()
  for (const name of outdated) build(zig, name)
}

function readArguments(args) {
  const found = { only: undefined, isCheck: false, isDrop: false }
  while (args.length > 0) {
    const word = args.shift()
    if (word === '--check') found.isCheck = true
    else if (word === '--drop') found.isDrop = true
    else if (word === '--only' && args[0] in TARGETS) found.only = args.shift()
    else {
      console.error(`usage: node prebuild.mjs [--only ${Object.keys(TARGETS).join('|')}] [--check | --drop]`)
      process.exit(1)
    }
  }
  return found
}

function findZig() {
  const candidates = process.env.ZIG ? [process.env.ZIG.trim().split(/\s+/)] : [['python3', '-m', 'ziglang'], ['zig']]
  for (const [command, ...words] of candidates) {
    try {
      execFileSync(command, [...words, 'version'], { stdio: 'ignore' })
      return [command, ...words]
    } catch {
      // The next one may run.
    }
  }
  console.error('zig is missing: python3 -m pip install ziglang, or name it in ZIG.')
  return process.exit(1)
}

function stampOf(name) {
  return join(folder, 'prebuilds', name, 'sources.sha256')
}

function isCurrent(name) {
  const stamp = stampOf(name)
  return (
    existsSync(join(folder, 'prebuilds', name, 'chronicle.node')) &&
    existsSync(stamp) &&
    readFileSync(stamp, 'utf8') === sourceDigest(name)
  )
}

function sourceDigest(name) {
  const hash = createHash('sha256').update(JSON.stringify([TARGETS[name], compileFlags, linkFlags, RELEASE_FLAGS]))
  for (const file of [...filesIn(sourceFolder, /\.(cc|h)$/), ...filesIn(headerFolder(), /\.h$/)])
    hash.update(basename(file)).update('\0').update(readFileSync(file))
  return hash.digest('hex')
}

/** A symbol of a newer glibc would keep the addon from loading on an older system. */
function checkSymbols(path) {
  const minors = [...readFileSync(path, 'latin1').matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor))
  const newest = Math.max(0, ...minors)
  if (newest > GLIBC_MINOR_MAX) throw new Error(`${path} needs glibc 2.${newest}, and 2.${GLIBC_MINOR_MAX} is promised`)
}

function build([command, ...words], name) {
  console.error(`building prebuilds/${name}`)
  const output = join(folder, 'prebuilds', name)
  // Of the sources as they are now: they may change while the compiler runs.
  const digest = sourceDigest(name)
  mkdirSync(output, { recursive: true })
  const scratch = mkdtempSync(join(output, 'build-'))
  try {
    const linked = join(scratch, 'chronicle.node')
    // Relative names, from the package's folder: the same sources give the same bytes wherever they stand.
    const sources = filesIn(sourceFolder, /\.cc$/).map((path) => join('cpp', basename(path)))
    const flags = [...compileFlags, ...RELEASE_FLAGS, '-isystem', headerFolder()]
    execFileSync(command, [...words, 'c++', '-target', TARGETS[name], ...flags, ...sources, ...linkFlags, '-o', linked], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    checkSymbols(linked)
    renameSync(linked, join(output, 'chronicle.node'))
    writeFileSync(stampOf(name), digest)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
