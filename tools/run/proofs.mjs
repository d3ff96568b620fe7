import { parseArgs } from 'node:util'

/**
 * One proof in its long form. Lengths are given for `--scale 1` and grow with it, where a proof can be longer at all. Tests take them from their effort (tools/evidence/effort), programs from their arguments.
 *
 * @typedef {object} Proof
 * @property {string} shows
 * @property {(size: (full: number) => string) => Step} step
 *
 * @typedef {object} Step
 * @property {string} program path below the checkout
 * @property {string[]} args
 * @property {number} [minutes] the program is started again, with other random values, until these are over
 */

const VITEST = 'node_modules/vitest/vitest.mjs'
const EVIDENCE = 'tools/dist/evidence'

/** Tests that draw other values in every run. */
const RANDOM_TESTS = [
  'packages/schema/test/properties',
  'packages/schema/test/fuzz',
  'packages/typed/src/where',
  'packages/replay/test/two-replays.test.ts',
  'packages/fanin/test/properties',
  'packages/bus/test/property',
  'packages/core/test/witness',
  'packages/core/test/garbage/commands.test.ts',
  'packages/core/src/records/judge-record.test.ts',
  'packages/inspect/test/agreement',
  'packages/native/src/values.test.ts',
  'packages/native/src/verifier.test.ts',
]

/**
 * In the order of their length, shortest first.
 *
 * @type {Record<string, Proof>}
 */
export const PROOFS = {
  models: {
    shows: 'the protocols lose nothing in any interleaving',
    step: () => ({ program: VITEST, args: ['run', 'tools/evidence/models'] }),
  },
  spin: {
    shows: 'the same in larger settings; needs spin and cc',
    step: () => ({ program: 'tools/evidence/models/run.mjs', args: ['--full'] }),
  },
  sanitizers: {
    shows: 'the native code has no invalid access, no undefined behaviour and no data race',
    step: (size) => ({ program: 'packages/native/sanitize.mjs', args: [size(60)] }),
  },
  repair: {
    shows: 'a repair loses nothing that was readable before it',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/inspect/test/repair'],
    }),
  },
  streams: {
    shows: 'readers in other processes get every message once, in order, over millions of messages',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/core/test/processes/two-processes.test.ts', 'packages/fanin/test/processes/live-order.test.ts'],
    }),
  },
  properties: {
    shows: 'properties over random values',
    step: (size) => ({ program: VITEST, args: ['run', ...RANDOM_TESTS], minutes: Number(size(10)) }),
  },
  processors: {
    shows: 'a processor has each effect once, however often it is killed',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/replay/test/crashes', 'packages/replay/test/recipes'],
    }),
  },
  garbage: {
    shows: 'any byte, any length and any foreign file of a queue ends in a value or a coded error',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/inspect/test/garbage/garbage.test.ts'],
    }),
  },
  fuzz: {
    shows: 'the same for damage that keeps checksums valid',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/inspect/test/garbage/structure-fuzz.test.ts'],
    }),
  },
  replication: {
    shows: 'two hosts agree in spite of all that happens to the server between them; needs nats-server',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/bridge/test/histories'],
    }),
  },
  soak: {
    shows: 'no process of a queue accumulates anything',
    step: (size) => ({ program: `${EVIDENCE}/soak/main.js`, args: ['--seconds', size(600)] }),
  },
  strategies: {
    shows: 'a router forgets no order while strategies start, crash and vanish',
    step: (size) => ({ program: `${EVIDENCE}/strategies/main.js`, args: ['--strategies', '50', '--minutes', size(10)] }),
  },
  kill: {
    shows: 'a process may die at any instruction',
    step: (size) => ({ program: `${EVIDENCE}/kill/main.js`, args: ['--total-kills', size(10_000), '--minutes', '600'] }),
  },
  'power-cut': {
    shows: 'what was durable survives every state that a disk may be in',
    step: (size) => ({ program: 'tools/evidence/power-cut/main.mjs', args: ['--states', size(12_000)] }),
  },
  'failing-calls': {
    shows: 'whichever system call fails, the report is true; hours',
    step: () => ({ program: `${EVIDENCE}/failing-calls/main.js`, args: [] }),
  },
  'cli-garbage': {
    shows: 'every command ends in time, with a documented exit code, on any damage; hours',
    step: () => ({
      program: VITEST,
      args: ['run', 'packages/cli/test/garbage'],
    }),
  },
}

export const PROOF_USAGE = `usage: npm run proof -- [NAME...] [--scale F] [--list]

  NAME       only these proofs (default: all, one after the other, which takes a day)
  --scale F  F times the documented length (default 1), where a proof has a length
  --list     prints the names and what each shows

${Object.entries(PROOFS)
  .map(([name, { shows }]) => `  ${name.padEnd(14)} ${shows}`)
  .join('\n')}
`

/**
 * @param {string[]} args
 * @returns {{ list: boolean, env: Record<string, string>, chosen: { name: string, step: Step }[] } | undefined} `undefined` for wrong usage
 */
export function parseProofs(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { scale: { type: 'string', default: '1' }, list: { type: 'boolean', default: false } },
    })
    const scale = Number(values.scale)
    const names = positionals.length > 0 ? positionals : Object.keys(PROOFS)
    if (!(scale > 0)) return undefined
    const size = (/** @type {number} */ full) => String(scale < 1 && full >= 100 ? Math.ceil(full * scale) : full * scale)
    const chosen = names.flatMap((name) => {
      const proof = Object.hasOwn(PROOFS, name) ? PROOFS[name] : undefined
      return proof === undefined ? [] : [{ name, step: proof.step(size) }]
    })
    return chosen.length === names.length
      ? { list: values.list, env: { CHRONICLE_EFFORT: 'full', CHRONICLE_SCALE: values.scale }, chosen }
      : undefined
  } catch {
    return undefined
  }
}
