import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { buildCores, testFolder } from './compiler.mjs'

/** Fuzzers, and the longest input that each makes something of. */
const TARGETS = { verifier: 4098, appender: 2400, slots: 400, crc: 1100 }

const ENVIRONMENT = { ...process.env, UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1', TSAN_OPTIONS: 'halt_on_error=1' }

/** The hot loops without Node: their own test program under three sanitizers. */
export function runSelfTests({ compiler, output }) {
  for (const sanitizers of ['address,undefined', 'thread']) {
    process.stdout.write(`${compiler} -fsanitize=${sanitizers}: `)
    const program = buildCores({
      compiler,
      sanitizers,
      tests: ['self_test.cc'],
      program: join(output, `self-test-${sanitizers}`),
    })
    execFileSync(program, [], { stdio: 'inherit', env: ENVIRONMENT })
  }
}

/** What the fuzzers once found interesting, fed to their targets again: any compiler will do. */
export function replayCorpora({ compiler, output }) {
  for (const name of Object.keys(TARGETS)) {
    process.stdout.write(`corpus of ${name}: `)
    const tests = [`fuzz_${name}.cc`, 'replay_corpus.cc']
    const program = buildCores({ compiler, sanitizers: 'address,undefined', tests, program: join(output, `replay-${name}`) })
    execFileSync(program, [join(testFolder, 'corpus', name)], { stdio: 'inherit', env: ENVIRONMENT })
  }
}

/** Goes on from the corpora for so many seconds each. New inputs stay in `found`, where they can be merged from; what fails is written there too. */
export function fuzz({ compiler, output, seconds, found }) {
  for (const [name, lengthMax] of Object.entries(TARGETS)) {
    const program = join(output, `fuzz-${name}`)
    buildCores({ compiler, sanitizers: 'fuzzer,address,undefined', tests: [`fuzz_${name}.cc`], program })
    const folder = join(found, name)
    mkdirSync(folder, { recursive: true })
    const limits = [`-max_total_time=${seconds}`, `-max_len=${lengthMax}`, '-verbosity=0', `-artifact_prefix=${folder}/failed-`]
    execFileSync(program, [...limits, folder, join(testFolder, 'corpus', name)], { stdio: 'inherit', env: ENVIRONMENT })
    console.log(`fuzzer of ${name}: ${seconds} s without a finding`)
  }
}
