// The native code under the address, undefined-behaviour and thread sanitizers. First the hot loops on their own and the corpora of the fuzzers, then the addon in Node with
// the tests of this package. With clang the fuzzers go on from their corpora. `node sanitize.mjs [seconds of fuzzing per target] [folder for what the fuzzers find]`
//
// CHRONICLE_EFFORT=full runs all tests of this package and of core in Node, and valgrind where it is there.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EFFORT } from '../../tools/evidence/effort/effort.mjs'
import { runAddressSanitizer, runThreadSanitizer, runValgrind } from './sanitize/addon.mjs'
import { findCompiler } from './sanitize/compiler.mjs'
import { fuzz, replayCorpora, runSelfTests } from './sanitize/cores.mjs'

const FULL = EFFORT === 'full'
const seconds = Number(process.argv[2] ?? (FULL ? 60 : 2))
const output = mkdtempSync(join(tmpdir(), 'chronicle-sanitize-'))
const found = process.argv[3] ?? join(output, 'found')

const native = (...names) => names.map((name) => `packages/native/src/${name}.test.ts`)
const core = (...names) => names.map((name) => `packages/core/${name}`)

// The thread sanitizer cannot run in the shells that some tests of files and mappings start.
const TESTS = FULL
  ? {
      address: [
        'packages/native',
        ...core('src/reader', 'src/writer', 'src/recovery', 'src/retention', 'src/segment', 'test/garbage', 'test/processes'),
      ],
      thread: [
        ...native('appender', 'background', 'futex', 'staging', 'threads', 'values', 'verifier'),
        ...core('src/reader', 'src/writer', 'src/retention'),
      ],
    }
  : {
      address: native('appender', 'background', 'file', 'mapping', 'staging', 'values', 'verifier'),
      thread: native('background', 'futex'),
    }

/** What compiles and runs beside each other: the hot loops on their own, and the addon in Node. */
const PARTS = {
  cores() {
    const compiler = findCompiler()
    runSelfTests({ compiler, output })
    replayCorpora({ compiler, output })
    if (seconds === 0) console.log('fuzzers: not asked for')
    else if (compiler.includes('clang')) fuzz({ compiler, output, seconds, found })
    else console.log('fuzzers: need clang, not run')
  },
  addon() {
    runAddressSanitizer({ output, tests: TESTS.address })
    runThreadSanitizer({ output, tests: TESTS.thread })
    if (FULL) runValgrind()
  },
}

/** Each part is a process of its own, because what it does blocks; both run to their end, also when the other fails. */
async function runBeside() {
  const ends = Object.keys(PARTS).map((part) => {
    const env = { ...process.env, CHRONICLE_SANITIZE_PART: part }
    const child = spawn(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' })
    return once(child, 'exit')
  })
  const codes = (await Promise.all(ends)).map(([code]) => code)
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1
}

const part = process.env.CHRONICLE_SANITIZE_PART
try {
  if (part === undefined) await runBeside()
  else PARTS[part]()
} finally {
  rmSync(output, { recursive: true, force: true })
}
