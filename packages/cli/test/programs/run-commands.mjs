// Runs every command of chron-cli on damaged copies of a folder, all in this process: starting one for each would take days. Prints one line before each command and
// one after each damage, so that a crash or a hang names its cause. Arguments: the file with the work to do, the file that standard error goes to.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../../dist/main.js'

const [workFile, stderrFile] = process.argv.slice(2)
const { template, scratch, queue, damages, reading, changing } = JSON.parse(fs.readFileSync(workFile, 'utf8'))

const EXIT_CODES = new Set([0, 1, 2, 3, 4])
const STACK_TRACE = /\n\s+at \S.*:\d+/
/** What is larger is full of holes, and not read to be compared. */
const READABLE_LENGTH = 1 << 20
/** How long what only ends by Ctrl-C is left running. */
const FOLLOW_MS = 15
/** What is open then is taken for left open. Long: streams are closed by threads, which a busy machine may keep waiting. */
const SETTLING_MS = 10_000
const SETTLING_PAUSE_MS = 2

let captured = []
process.stdout.write = (chunk) => captured.push(Buffer.from(chunk)) > 0
process.stdout.setMaxListeners(0)
const say = (line) => fs.writeSync(1, `${JSON.stringify(line)}\n`)

/** What stands in the place of a file and is not one. */
const FOREIGN = {
  missing: () => undefined,
  empty: (path) => fs.writeFileSync(path, ''),
  directory: (path) => fs.mkdirSync(path),
  loop: (path) => fs.symlinkSync(path, path),
  dangling: (path) => fs.symlinkSync('nowhere', path),
  device: (path) => fs.symlinkSync('/dev/zero', path),
  fifo: (path) => execFileSync('mkfifo', [path]),
  huge: (path) => {
    fs.writeFileSync(path, 'x')
    fs.truncateSync(path, 2 ** 42)
  },
  unreadable: (path, content) =>
    content === undefined ? fs.mkdirSync(path, { mode: 0 }) : fs.writeFileSync(path, content, { mode: 0 }),
}

function applyDamage(root, { file, foreign, truncateTo, writes }) {
  const path = join(root, file)
  if (foreign !== undefined) {
    const content = fs.statSync(path).isFile() ? fs.readFileSync(path) : undefined
    fs.rmSync(path, { recursive: true })
    FOREIGN[foreign](path, content)
  } else if (truncateTo !== undefined) fs.truncateSync(path, truncateTo)
  else {
    const fd = fs.openSync(path, 'r+')
    for (const { offset, hex } of writes) fs.writeSync(fd, Buffer.from(hex, 'hex'), 0, hex.length / 2, offset)
    fs.closeSync(fd)
  }
}

/** What has to be opened again before it can be removed. */
let closed

function damagedCopy(damage) {
  const root = join(scratch, 'root')
  if (closed !== undefined && fs.existsSync(closed)) fs.chmodSync(closed, 0o700)
  closed = damage.foreign === 'unreadable' ? join(root, damage.file) : undefined
  fs.rmSync(root, { recursive: true, force: true })
  fs.cpSync(template, root, { recursive: true })
  if (damage.file !== undefined) applyDamage(root, damage)
  return root
}

/** What can be listed: a directory that may not be read has no entries. */
function entriesOf(root, below = '') {
  const isClosed = (fs.lstatSync(join(root, below)).mode & 0o400) === 0
  if (isClosed) return []
  return fs.readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const name = join(below, entry.name)
    return entry.isDirectory() ? [name, ...entriesOf(root, name)] : [name]
  })
}

/** Everything that a command which only reads must leave as it is, times of change included. Access times are the kernel's business. */
function stateOf(root) {
  const entries = entriesOf(root).sort()
  return entries.map((name) => {
    const path = join(root, name)
    const { mode, size, mtimeNs, ctimeNs } = fs.lstatSync(path, { bigint: true })
    const isReadable = fs.lstatSync(path).isFile() && size <= READABLE_LENGTH && (mode & 0o400n) !== 0n
    const content = isReadable ? createHash('sha1').update(fs.readFileSync(path)).digest('hex') : ''
    return `${name} ${mode} ${size} ${mtimeNs} ${ctimeNs} ${content}`
  })
}

function isJson(text) {
  const parses = (part) => {
    try {
      return typeof JSON.parse(part) === 'object'
    } catch {
      return false
    }
  }
  return parses(text) || text.trimEnd().split('\n').every(parses)
}

async function run(root, { args, follows }) {
  const words = args.map((word) => word.replace('QUEUE', join(root, queue)).replace('ROOT', root))
  say({ running: args.join(' ') })
  captured = []
  fs.truncateSync(stderrFile, 0)
  const interrupt = follows ? setTimeout(() => process.emit('SIGINT'), FOLLOW_MS) : undefined
  const exitCode = await main(words)
  clearTimeout(interrupt)
  process.stdout.removeAllListeners('error')
  return { exitCode, stdout: Buffer.concat(captured).toString(), stderr: fs.readFileSync(stderrFile, 'utf8') }
}

async function probeCommand(root, command) {
  const { exitCode, stdout, stderr } = await run(root, command)
  const findings = []
  const said = `${stderr.slice(0, 1000)}`
  if (!EXIT_CODES.has(exitCode)) findings.push(`exit code ${exitCode}: ${said}`)
  if (STACK_TRACE.test(stderr)) findings.push(`a stack trace: ${said}`)
  if (exitCode !== 0 && stdout === '' && stderr === '') findings.push(`exit code ${exitCode} without output`)
  const isSilent = stdout === '' && exitCode !== 0
  if (command.args.includes('--json') && !command.lines && !isSilent && !isJson(stdout))
    findings.push(`no JSON: ${stdout.slice(0, 300)} (${said})`)
  if (command.args.includes('--json') && command.lines && stdout !== '' && !isJson(stdout))
    findings.push(`no JSON lines: ${stdout.slice(0, 300)}`)
  return findings.map((finding) => `${command.args.join(' ')}: ${finding}`)
}

async function probe(damage) {
  const findings = []
  let root = damagedCopy(damage)
  const before = stateOf(root)
  for (const command of reading) {
    findings.push(...(await probeCommand(root, command)))
    const changed = stateOf(root).filter((line, index) => line !== before[index])
    if (changed.length > 0) {
      findings.push(`${command.args.join(' ')} changed ${changed.join(', ')}`)
      break
    }
  }
  for (const commands of changing) {
    root = damagedCopy(damage)
    for (const command of commands) findings.push(...(await probeCommand(root, command)))
  }
  return findings
}

/** Streams close after the end of their command: until no more descriptors are open than expected, or, where nothing is expected yet, until nothing is being closed. */
async function settledDescriptors(expected) {
  const deadline = performance.now() + SETTLING_MS
  let open = Number.POSITIVE_INFINITY
  for (let isSettled = false; !isSettled && performance.now() < deadline; ) {
    await sleep(SETTLING_PAUSE_MS)
    open = fs.readdirSync('/proc/self/fd').length
    isSettled = expected === undefined ? !isClosing() : open <= expected
  }
  return open
}

function isClosing() {
  return process.getActiveResourcesInfo().some((name) => /Req/.test(name))
}

function describeDescriptors() {
  const targets = fs.readdirSync('/proc/self/fd').map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return 'gone'
    }
  })
  return targets.join(' ')
}

// The event loop opens its one inotify instance when it is first needed, and keeps it.
fs.watch(scratch).close()

/** What stays open once everything was used once. */
let descriptors
for (const [index, damage] of [{}, ...damages].entries()) {
  const findings = await probe(damage)
  const open = await settledDescriptors(descriptors)
  descriptors ??= open
  if (open > descriptors) findings.push(`${open - descriptors} descriptors stayed open: ${describeDescriptors()}`)
  descriptors = open
  if (index > 0 || findings.length > 0) say({ done: index - 1, findings })
}
fs.rmSync(join(scratch, 'root'), { recursive: true, force: true })
