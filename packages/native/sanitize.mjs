// Builds the hot loops without Node and runs their self-test under the address, undefined-behaviour and thread sanitizers; with clang also a short run of
// the fuzzer. `node sanitize.mjs [seconds of fuzzing]`
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const source = join(dirname(fileURLToPath(import.meta.url)), 'cpp')
const seconds = Number(process.argv[2] ?? 5)
const output = mkdtempSync(join(tmpdir(), 'chronicle-sanitize-'))
const exists = (compiler) => {
  try {
    execFileSync(compiler, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const compiler = [process.env.CXX, 'clang++', 'c++'].find((name) => name && exists(name))
if (!compiler) {
  process.stderr.write('A C++ compiler is missing: install g++ or clang, or name one in CXX.\n')
  process.exit(1)
}

const units = ['crc.cc', 'slots.cc'].map((name) => join(source, name))
const flags = ['-std=c++20', '-O1', '-g', '-pthread', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fno-omit-frame-pointer']

function build(name, test, sanitizers) {
  const program = join(output, name)
  execFileSync(compiler, [...flags, `-fsanitize=${sanitizers}`, ...units, join(source, 'test', test), '-o', program], {
    stdio: 'inherit',
  })
  return program
}

function runWith(sanitizers, test) {
  process.stdout.write(`${compiler} -fsanitize=${sanitizers}: `)
  const program = build(sanitizers.replaceAll(',', '-'), test, sanitizers)
  const environment = { ...process.env, UBSAN_OPTIONS: 'halt_on_error=1:print_stacktrace=1', TSAN_OPTIONS: 'halt_on_error=1' }
  execFileSync(program, [], { stdio: 'inherit', env: environment })
}

try {
  runWith('address,undefined', 'self_test.cc')
  runWith('thread', 'self_test.cc')
  if (compiler.includes('clang')) {
    const fuzzer = build('fuzz', 'fuzz_verifier.cc', 'fuzzer,address,undefined')
    execFileSync(fuzzer, [`-max_total_time=${seconds}`, '-max_len=4097', '-verbosity=0', `-artifact_prefix=${output}/`], {
      stdio: 'inherit',
    })
    console.log(`fuzzer: ${seconds} s without a finding`)
  } else {
    console.log('fuzzer: needs clang, not run')
  }
} finally {
  rmSync(output, { recursive: true, force: true })
}
