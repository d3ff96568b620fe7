import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fuzzEnvironment } from './fuzz.mjs'
import { PROOF_USAGE, parseProofs } from './proofs.mjs'
import { root } from './root.mjs'

/** Programs by name, each a path below the checkout. */
const PROGRAMS = {
  vitest: 'node_modules/vitest/vitest.mjs',
  biome: 'node_modules/@biomejs/biome/bin/biome',
  tsc: 'node_modules/typescript/bin/tsc',
  layers: 'tools/check-layers.mjs',
  layout: 'tools/check-layout.mjs',
  docs: 'tools/check-docs.mjs',
  examples: 'tools/check-examples.mjs',
  words: 'tools/check-voice.mjs',
  release: 'tools/release/release.mjs',
  site: 'tools/site/build-site.mjs',
  demo: 'examples/dist/trading/demo/main.js',
  bench: 'tools/dist/bench/main.js',
  compare: 'tools/dist/bench/compare/main.js',
  torture: 'tools/dist/evidence/kill/main.js',
}

/**
 * @typedef {keyof typeof PROGRAMS} ProgramName
 * @typedef {{ title: string, program: ProgramName, options: string[] }} Check
 */

/**
 * Steps of `npm run check`, in the order in which they fail fastest.
 *
 * @type {Check[]}
 */
const CHECKS = [
  { title: 'format and lint', program: 'biome', options: ['check', '--error-on-warnings', '.'] },
  { title: 'layers', program: 'layers', options: [] },
  { title: 'layout', program: 'layout', options: [] },
  { title: 'docs', program: 'docs', options: [] },
  { title: 'examples in docs', program: 'examples', options: [] },
  { title: 'words', program: 'words', options: [] },
  { title: 'types', program: 'tsc', options: ['-p', 'tsconfig.check.json'] },
  { title: 'types of the dashboard', program: 'tsc', options: ['-p', 'packages/cli/ui/tsconfig.json'] },
]
/** @type {Check} */
const TESTS = { title: 'tests and coverage', program: 'vitest', options: ['run', '--coverage'] }

/**
 * What may be asked for; a task gets the arguments after `--` and returns an exit code.
 *
 * @type {Record<string, (args: string[]) => Promise<number>>}
 */
const tasks = {
  build: async () => 0,
  demo: (args) => runInForeground('demo', args),
  test: (args) => runInForeground('vitest', ['run', ...args]),
  coverage: (args) => {
    askForLongEffort()
    return runInForeground('vitest', ['run', '--coverage', ...args])
  },
  bench: (args) => runInForeground('bench', args),
  'bench:compare': (args) => runInForeground('compare', args),
  torture: (args) => runInForeground('torture', args),
  release: (args) => runInForeground('release', args),
  docs: (args) => runInForeground('site', args),
  fuzz,
  proof,
  check: async (args) => {
    askForLongEffort()
    return runChecks(args.includes('--without-tests') ? CHECKS : [...CHECKS, TESTS])
  },
}

export const taskNames = Object.keys(tasks)

/**
 * @param {string} task one of {@link taskNames}
 * @param {string[]} args
 * @returns {Promise<number>} exit code
 */
export async function runTask(task, args) {
  return (await tasks[task]?.(args)) ?? 1
}

/** What is covered is measured, and what is checked is the same, as in CI. */
function askForLongEffort() {
  process.env['CHRONICLE_EFFORT'] ??= 'long'
}

/**
 * The fuzzer is a test that runs for as long as its environment says.
 *
 * @param {string[]} args
 */
async function fuzz(args) {
  const asked = fuzzEnvironment(args)
  if (asked === undefined) {
    console.error('usage: npm run fuzz -- [--minutes N] [--seed S]')
    return 1
  }
  Object.assign(process.env, asked)
  return runInForeground('vitest', ['run', 'packages/inspect/test/garbage/structure-fuzz.test.ts'])
}

/**
 * Runs the long forms of what `npm test` shows in a short form, one after the other, also after one failed.
 *
 * @param {string[]} args
 */
async function proof(args) {
  const asked = parseProofs(args)
  if (asked === undefined || asked.list) {
    console[asked === undefined ? 'error' : 'log'](PROOF_USAGE)
    return asked === undefined ? 1 : 0
  }
  const failed = asked.chosen.filter(({ name, step }) => {
    const begin = performance.now()
    const holds = runProof(name, step, asked.env)
    console.log(`== ${name}: ${holds ? 'holds' : 'FAILED'}, ${Math.round((performance.now() - begin) / 1000)} s`)
    return !holds
  })
  console.log(
    failed.length === 0 ? `== all ${asked.chosen.length} proofs hold` : `== failed: ${failed.map(({ name }) => name).join(', ')}`,
  )
  return failed.length === 0 ? 0 : 1
}

/**
 * @param {string} name
 * @param {import('./proofs.mjs').Step} step
 * @param {Record<string, string>} env
 */
function runProof(name, { program, args, minutes = 0 }, env) {
  const end = performance.now() + minutes * 60_000
  do {
    console.log(`== ${name}: node ${[program, ...args].join(' ')}`)
    const { status } = spawnSync(process.execPath, [join(root, program), ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    })
    if (status !== 0) return false
  } while (performance.now() < end)
  return true
}

/**
 * All steps run, also after one failed: one look shows everything that is wrong.
 *
 * @param {Check[]} steps
 */
function runChecks(steps) {
  const failed = steps.filter(({ title, program, options }) => {
    console.log(`== ${title}`)
    const { status } = spawnSync(process.execPath, [join(root, PROGRAMS[program]), ...options], { cwd: root, stdio: 'inherit' })
    return status !== 0
  })
  console.log(
    failed.length === 0 ? `== all ${steps.length} checks passed` : `== failed: ${failed.map(({ title }) => title).join(', ')}`,
  )
  return failed.length === 0 ? 0 : 1
}

/**
 * Runs the program in the foreground. On a terminal it gets the terminal's interrupt itself; passing on this process's would make it two.
 *
 * @param {ProgramName} program
 * @param {string[]} args
 * @returns {Promise<number>}
 */
async function runInForeground(program, args) {
  const path = join(root, PROGRAMS[program])
  if (!existsSync(path)) {
    console.error(`this checkout has no ${PROGRAMS[program]}: ${program} is not part of it yet`)
    return 1
  }
  // Paths in arguments mean the folder that the user stands in, which npm leaves in INIT_CWD.
  const cwd = program === 'vitest' ? root : (process.env['INIT_CWD'] ?? process.cwd())
  const child = spawn(process.execPath, [path, ...args], { cwd, stdio: 'inherit' })
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}
