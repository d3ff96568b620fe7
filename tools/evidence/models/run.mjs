#!/usr/bin/env node
/**
 * Runs the Promela models under SPIN: each protocol must hold, each fault put back in must be found.
 *
 *     node tools/evidence/models/run.mjs            short settings, a minute or two
 *     node tools/evidence/models/run.mjs --full     larger ones (also: MODELS=full), some minutes and up to 6 GiB of memory
 *     node tools/evidence/models/run.mjs park-wake  one protocol
 *
 * Exits 0 when all is as it must be, 1 when not, 2 when `spin` or a C compiler is missing.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('./spin/', import.meta.url))
const MEMORY_LIMIT_MIB = 6000
const DEPTH_LIMIT = 2_000_000

/**
 * @typedef {object} Protocol
 * @property {string} name file name without its ending
 * @property {readonly (readonly string[])[]} short settings that must hold
 * @property {readonly (readonly string[])[]} full more of them, larger
 * @property {readonly string[]} faults each must be found, in the short setting
 * @property {readonly string[]} [alsoFoundIn] and in this one
 */

/** @type {readonly Protocol[]} */
const PROTOCOLS = [
  {
    name: 'leave-segment',
    short: [[]],
    full: [
      ['RECORDS=6', 'READERS=2'],
      ['RECORDS=3', 'READERS=3'],
    ],
    faults: ['NO_SECOND_LOOK', 'EARLY_SECOND_LOOK', 'COMMIT_BEFORE_PAYLOAD', 'SEAL_BEFORE_SUCCESSOR'],
  },
  {
    name: 'park-wake',
    short: [[], ['READERS=1', 'RECORDS=3']],
    full: [
      ['READERS=2', 'RECORDS=3'],
      ['READERS=1', 'RECORDS=6'],
    ],
    faults: [
      'COMMIT_WORD_ONLY',
      'LATE_NOTIFY_LOAD',
      'WRITER_WITHOUT_FENCE',
      'READER_WITHOUT_FENCE',
      'ONE_BUMP',
      'BUMP_BEFORE_CLEAR',
      'READER_CLEARS',
      'COUNTER',
    ],
  },
  {
    name: 'waiter-cost',
    // Alone and stopped for a while, a reader has no other one whose wake could hide that it gets none.
    short: [[], ['READERS=1', 'KILLS=0', 'RECORDS=4']],
    full: [['RECORDS=5'], ['READERS=1', 'KILLS=0', 'RECORDS=7']],
    faults: ['RESET', 'RESET_BUMP_WAKE', 'SUBTRACT', 'NO_LATER_WAKE'],
    alsoFoundIn: ['READERS=1', 'KILLS=0', 'RECORDS=4'],
  },
  {
    name: 'roll-crash',
    short: [[], ['KILLS=3']],
    full: [
      ['RECORDS=4', 'KILLS=4'],
      ['READERS=2', 'KILLS=3'],
    ],
    faults: [
      'SEQUENCE_RESTARTS',
      'NAMED_BEFORE_HEADER',
      'WRITER_WAITS_FOR_EVEN',
      'READER_WAITS_FOR_EVEN',
      'REUSE_AS_IS',
      'HEAD_BELOW_CONTROL',
      'PREDECESSOR_UNSEALED',
      'SEAL_BEFORE_SWITCH',
      'TORN_TAIL_STAYS',
    ],
  },
  {
    name: 'retention',
    short: [[], ['ONE_PASS'], ['ONE_PASS', 'KILLS=3']],
    full: [
      ['SEGMENTS=5', 'KILLS=5'],
      ['ONE_PASS', 'SEGMENTS=5', 'KILLS=3'],
    ],
    faults: [
      'ONE_PASS_WITHOUT_SECOND_LOOK',
      'NO_PROTECTION',
      'LOOK_AGAIN',
      'LATE_ANNOUNCEMENT',
      'ANNOUNCEMENT_IGNORED',
      'UNREGISTERED_SEARCH',
      'DOWNWARDS',
      'BAD_FILE_PINS_NOTHING',
    ],
  },
  {
    name: 'backpressure',
    short: [[], ['KILLS=1']],
    full: [
      ['RECORDS=4', 'KILLS=1'],
      ['READERS=3', 'RECORDS=3'],
    ],
    faults: [
      'LOOK_BEFORE_ANNOUNCING',
      'LATE_PROGRESS_LOAD',
      'READER_WITHOUT_FENCE',
      'WRITER_WITHOUT_FENCE',
      'SILENT_LEAVE',
      'UNBOUNDED_WAIT',
    ],
  },
]

/** @typedef {{ states: number, message: string | undefined, complete: boolean }} Outcome */

/**
 * Makes, compiles and runs one verifier.
 *
 * @param {string} name
 * @param {readonly string[]} definitions
 * @returns {Outcome}
 */
function verify(name, definitions) {
  const folder = mkdtempSync(join(tmpdir(), 'chronicle-models-'))
  try {
    const options = definitions.map((definition) => `-D${definition}`)
    cpSync(SOURCES, folder, { recursive: true })
    command('spin', [...options, '-a', `${name}.pml`], folder)
    command('cc', ['-O2', '-w', '-DSAFETY', `-DMEMLIM=${MEMORY_LIMIT_MIB}`, '-o', 'pan', 'pan.c'], folder)
    return readReport(command(join(folder, 'pan'), [`-m${DEPTH_LIMIT}`, '-w24'], folder))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} report @returns {Outcome} */
function readReport(report) {
  const errors = Number(/errors: (\d+)/.exec(report)?.[1] ?? Number.NaN)
  const states = Number(/(\d+) states, stored/.exec(report)?.[1] ?? 0)
  const message = /pan:1: (.*?)(?: \(at depth \d+\))?\n/.exec(report)?.[1]
  const cut = /Search not completed|max search depth too small|out of memory|reached -DMEMLIM/.test(report)
  return { states, message: errors > 0 ? (message ?? 'an error') : undefined, complete: errors === 0 && !cut }
}

/** @param {string} program @param {readonly string[]} parameters @param {string} folder */
function command(program, parameters, folder) {
  const { stdout, stderr, error, status } = spawnSync(program, parameters, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
  if (error !== undefined) throw error
  if (/Error:/.test(stdout) || (program !== 'spin' && status !== 0 && !stdout.includes('errors:')))
    throw new Error(`${program}: ${stdout}${stderr}`)
  return stdout + stderr
}

/** @param {string} program */
function isThere(program) {
  return spawnSync(program, ['-V'], { encoding: 'utf8' }).error === undefined
}

/** @param {readonly string[]} cells */
function print(cells) {
  const [name = '', setting = '', states = '', seconds = '', verdict = ''] = cells
  console.log(`${name.padEnd(15)} ${setting.padEnd(24)} ${states.padStart(12)} ${seconds.padStart(8)}  ${verdict}`)
}

/**
 * Runs one setting, prints its line, and answers whether it is as it must be.
 *
 * @param {string} name @param {readonly string[]} definitions @param {boolean} mustHold
 */
function check(name, definitions, mustHold) {
  const begun = performance.now()
  const { states, message, complete } = verify(name, definitions)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  const good = mustHold ? complete : message !== undefined
  const found = message === undefined ? (complete ? 'holds' : 'SEARCH INCOMPLETE') : `found: ${message}`
  const verdict = good ? found : `${found}  <-- ${mustHold ? 'must hold' : 'must be found'}`
  print([name, definitions.join(' ') || '(as it is)', states.toLocaleString('en'), seconds, verdict])
  return good
}

/** @param {readonly string[]} parameters */
function main(parameters) {
  for (const program of ['spin', 'cc']) {
    if (isThere(program)) continue
    console.error(
      `The models need ${program}, which is not installed (Debian: apt-get install spin gcc). The explorer in tools/evidence/models/explorer checks the same without it.`,
    )
    return 2
  }
  const full = parameters.includes('--full') || process.env.MODELS === 'full'
  const names = parameters.filter((parameter) => !parameter.startsWith('--'))
  const chosen = PROTOCOLS.filter(({ name }) => names.length === 0 || names.includes(name))
  print(['protocol', 'setting or fault', 'states', 'seconds', 'outcome'])
  let bad = 0
  for (const { name, short, full: larger, faults, alsoFoundIn } of chosen) {
    for (const definitions of full ? [...short, ...larger] : short) if (!check(name, definitions, true)) bad++
    for (const fault of faults) {
      if (!check(name, [fault], false)) bad++
      if (alsoFoundIn !== undefined && !check(name, [...alsoFoundIn, fault], false)) bad++
    }
  }
  if (chosen.length === 0) console.error(`No such protocol; there are ${PROTOCOLS.map(({ name }) => name).join(', ')}.`)
  console.log(bad === 0 ? 'All protocols hold and all faults are found.' : `${bad} not as they must be.`)
  return bad === 0 && chosen.length > 0 ? 0 : 1
}

process.exitCode = main(process.argv.slice(2))
