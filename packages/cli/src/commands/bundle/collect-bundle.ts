import { closeSync, constants, lstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { arch, cpus, loadavg, release, totalmem, version } from 'node:os'
import { join } from 'node:path'
import { readWhole } from '@chronicle-ts/core/internal'
import { inspectState, openColdReader, type QueueState } from '@chronicle-ts/inspect'
import { messageOfError } from '../../error-report.js'

/** Bytes of a segment that show its header and nothing of a payload. */
const SEGMENT_HEADER_LENGTH = 64

/** Small files that hold no payloads. */
const PLAIN_FILES = /^(control\.meta|index\.meta|writer\.lock|LEASE|READY|thresholds\.json|acknowledged\.json|backup\.json)$/

const FILES_MAX = 10_000
const PLAIN_LENGTH_MAX = 64 * 1024

export interface BundleOptions {
  /** The last messages with their payloads; 0: none. */
  readonly payloads: number
}

/** Everything that a maintainer needs to understand a queue from afar: its state, the names, sizes and headers of its files, its processes and its machine. Payloads only when asked for. */
export function collectBundle(queue: string, { payloads }: BundleOptions): object {
  const { inspection, state } = inspectState(queue)
  return {
    collectedAt: new Date().toISOString(),
    machine: machine(),
    inspection,
    state,
    files: filesOf(queue),
    processes: processesOf(state),
    mounts: attempt(() => mountOf(queue)),
    ...(payloads > 0 && { messages: lastMessages(queue, payloads) }),
  }
}

function machine(): object {
  const [cpu] = cpus()
  return {
    node: process.version,
    arch: arch(),
    kernel: `${release()} ${version()}`,
    cpu: cpu?.model ?? '',
    cpuCount: cpus().length,
    memoryBytes: totalmem(),
    load: loadavg(),
    pressure: ['cpu', 'io', 'memory'].map((name) => attempt(() => readFileSync(`/proc/pressure/${name}`, 'utf8'))),
  }
}

/** Files of the queue and no others: a link in it is described, and not followed. */
function filesOf(queue: string): object {
  const found = [...entriesBelow(queue, '')]
  const files = found
    .slice(0, FILES_MAX)
    .map((entry) => ('error' in entry ? entry : attempt(() => describeFile(queue, entry.name))))
  return { count: found.length, files }
}

type Entry = { readonly name: string } | { readonly name: string; readonly error: string }

function* entriesBelow(queue: string, folder: string): Generator<Entry> {
  const listed = attempt(() => readdirSync(join(queue, folder), { withFileTypes: true }))
  if ('error' in listed) return yield { name: folder, error: listed.error }
  for (const entry of listed.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = join(folder, entry.name)
    yield { name }
    if (entry.isDirectory()) yield* entriesBelow(queue, name)
  }
}

function describeFile(queue: string, name: string): object {
  const path = join(queue, name)
  const stat = lstatSync(path)
  const kind = stat.isDirectory() ? 'directory' : stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'other'
  const facts = {
    name,
    kind,
    length: stat.size,
    blocks: stat.blocks,
    mode: stat.mode.toString(8),
    uid: stat.uid,
    mtimeMs: stat.mtimeMs,
  }
  if (kind !== 'file') return kind === 'link' ? { ...facts, target: readlinkSync(path) } : facts
  const isPosition = /^readers\/[^/]+$/.test(name)
  if (PLAIN_FILES.test(name) || isPosition) return { ...facts, hex: headOf(path, Math.min(stat.size, PLAIN_LENGTH_MAX)) }
  return /^\d{9,}\.q/.test(name) ? { ...facts, header: headOf(path, SEGMENT_HEADER_LENGTH) } : facts
}

function headOf(path: string, length: number): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readWhole(fd, bytes, 0)).toString('hex')
  } finally {
    closeSync(fd)
  }
}

function processesOf({ writer, readers }: QueueState): object[] {
  const pids = new Set([writer.pid, ...readers.map(({ pid }) => pid)].filter((pid) => pid !== null))
  return [...pids].map((pid) => ({
    pid,
    name: attempt(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()),
    status: attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8')),
    wchan: attempt(() => readFileSync(`/proc/${pid}/wchan`, 'utf8')),
    limits: attempt(() => readFileSync(`/proc/${pid}/limits`, 'utf8')),
  }))
}

function mountOf(queue: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  const holds = (line: string) => {
    const point = line.split(' ')[1] ?? ''
    return queue === point || queue.startsWith(point.endsWith('/') ? point : `${point}/`)
  }
  return mounts.filter(holds).sort((a, b) => (b.split(' ')[1] ?? '').length - (a.split(' ')[1] ?? '').length)[0] ?? ''
}

function lastMessages(queue: string, count: number): object[] {
  using reader = openColdReader(queue, { from: { last: count }, to: 'present' })
  const messages: object[] = []
  for (const item of reader) {
    if (item.kind !== 'record') messages.push(item)
    else messages.push({ ...item, payload: item.payload.toString('base64') })
  }
  return messages
}

function attempt<T>(work: () => T): T | { readonly error: string } {
  try {
    return work()
  } catch (error) {
    return { error: messageOfError(error) }
  }
}
