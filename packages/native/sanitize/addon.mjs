import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { addonSources, buildAddon, exists, packageFolder, runtimeOf, testFolder } from './compiler.mjs'

const root = dirname(dirname(packageFolder))
const VITEST = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const REDIRECT = join(packageFolder, 'sanitize', 'redirect.cjs')
const SMOKE = join(packageFolder, 'test', 'programs', 'smoke.mjs')
const CANARY_TRIES = 5

/**
 * Node runs with the sanitizer's runtime loaded ahead of it. SIGBUS and SIGSEGV are left to their handlers: those of the addon are under test. What V8 has not given back at
 * the end is not a leak of the addon.
 */
function environmentOf({ runtimes, addon, logs }) {
  return {
    ...process.env,
    // Sanitized code is some ten times slower.
    CHRONICLE_EFFORT: 'long',
    NODE_OPTIONS: `--require ${REDIRECT}`,
    CHRONICLE_SANITIZED_ADDON: addon,
    LD_PRELOAD: runtimes.join(':'),
    ASAN_OPTIONS: `detect_leaks=0:handle_segv=0:handle_sigbus=0:log_path=${logs}/report`,
    UBSAN_OPTIONS: `print_stacktrace=1:log_path=${logs}/report`,
    TSAN_OPTIONS: `exitcode=0:handle_segv=0:handle_sigbus=0:report_signal_unsafe=0:log_path=${logs}/report`,
  }
}

/**
 * Reports in which our code touches the memory on both sides: JavaScript copies mapped slots while they are stored, by design, and asks their checksum. Node and V8 are not instrumented: the thread sanitizer does not see how they order what they do, and reports them. Frames of
 * the sanitizer's own (memcpy, malloc) stand above the code that called them.
 */
function reportsOfOurs({ logs, said, addon }) {
  // The runtime for undefined behaviour writes to standard error when the other one is there too.
  const text = [said, ...readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'))].join('\n')
  const isReport = /^(?:==\d+==ERROR|WARNING: ThreadSanitizer|.*: runtime error: )/
  const reports = text
    .split(/^(?===\d+==ERROR|WARNING: ThreadSanitizer|.*: runtime error: )/m)
    .filter((part) => isReport.test(part))
  return reports.filter((report) => {
    if (!report.startsWith('WARNING: ThreadSanitizer')) return true
    const accesses = report
      .split(/^ {2}(?=(?:Previous|Write|Read|Atomic|Location|Thread|Mutex|As if))/m)
      .filter((part) => /^(?:Previous|Write|Read|Atomic)|ThreadSanitizer: (?!data race)/.test(part))
    return accesses.every((access) =>
      access
        .split('\n')
        .find((line) => /^ +#\d/.test(line) && !/lib[tau]san\.so/.test(line) && !/sanitizer_common|libsanitizer/.test(line))
        ?.includes(basename(addon)),
    )
  })
}

function runNode({ args, output, addon, runtimes }) {
  const logs = mkdtempSync(join(output, 'logs-'))
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env: environmentOf({ runtimes, addon, logs }),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const said = `${stdout}${stderr}`
  return { ended: status ?? signal, said, reports: reportsOfOurs({ logs, said, addon }) }
}

/** Shows that a fault of an addon in Node is reported here, and then runs tests with ours. */
function runSanitized({ sanitizers, runtimeNames, output, tests }) {
  const name = `Node under the ${sanitizers} sanitizer`
  const runtimes = runtimeNames.map(runtimeOf)
  if (runtimes.includes(undefined)) return console.log(`${name}: needs gcc's lib${runtimeNames.join(', lib')}, not run`)
  const canary = buildAddon({
    sanitizers,
    sources: [join(testFolder, 'canary.cc')],
    addon: join(output, `canary-${runtimeNames[0]}.node`),
  })
  const args = ['-e', `process.dlopen({ exports: {} }, ${JSON.stringify(canary)})`]
  const look = () => runNode({ args, output, addon: canary, runtimes })
  let seen = look()
  // A sanitizer may miss a race: it remembers only some of the accesses.
  for (let tries = 1; seen.reports.length === 0 && tries < CANARY_TRIES; tries++) seen = look()
  if (seen.reports.length === 0)
    throw new Error(`${name}: reports nothing of an addon that is wrong on purpose: ${seen.ended} ${seen.said}`)
  const addon = buildAddon({ sanitizers, sources: addonSources(), addon: join(output, `chronicle-${runtimeNames[0]}.node`) })
  const { ended, said, reports } = runNode({ args: [VITEST, 'run', ...tests], output, addon, runtimes })
  if (ended !== 0 || reports.length > 0)
    throw new Error(`${name}: ${ended}\n${said.slice(-6000)}\n${reports.slice(0, 3).join('\n')}`)
  console.log(`${name}: ${/Tests .*/.exec(said)?.[0] ?? 'the tests ran'}`)
}

export function runAddressSanitizer({ output, tests }) {
  runSanitized({ sanitizers: 'address,undefined', runtimeNames: ['asan', 'ubsan'], output, tests })
}

export function runThreadSanitizer({ output, tests }) {
  runSanitized({ sanitizers: 'thread', runtimeNames: ['tsan'], output, tests })
}

/**
 * The addon as it is released, under valgrind, where futex_waitv does not exist: so this is also the fallback of older kernels. V8 must not make code while it runs,
 * and reads what is not initialised on purpose, so only addresses are checked.
 */
export function runValgrind() {
  if (!exists('valgrind')) return console.log('valgrind: not there, not run')
  const options = ['--error-exitcode=99', '--undef-value-errors=no', '-q']
  const { status, stderr } = spawnSync('valgrind', [...options, process.execPath, '--jitless', SMOKE], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`valgrind: exit code ${status}\n${stderr}`)
  console.log('valgrind: no invalid access in the smoke program')
}
