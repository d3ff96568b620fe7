import { spawnSync } from 'node:child_process'
import { loadMmapIo } from '../mmap-io.js'
import { installPeers, isPeerInstalled } from './install-peers.js'
import type { Transport } from './transport.js'
import { chronicleTransport } from './transports/chronicle.js'
import { fileAppendTransport } from './transports/file-append.js'
import { lmdbTransport } from './transports/lmdb.js'
import type { ChannelPorts } from './transports/message-channel.js'
import { messageChannelTransport } from './transports/message-channel.js'
import { mmapIoTransport } from './transports/mmap-io.js'
import { natsTransport } from './transports/nats.js'
import { redisTransport } from './transports/redis.js'
import { sqliteTransport } from './transports/sqlite.js'
import { unixSocketTransport } from './transports/unix-socket.js'

export interface Peer {
  /** For `--peers` and `--json`. */
  readonly id: string
  readonly title: string
  /** What a durable send waits for; absent for a peer that cannot do it. */
  readonly durability?: string
  /** Why the durable workloads are not measured. */
  readonly notDurable?: string
  readonly server?: 'redis' | 'nats'
  /** Part of the messages that it gets where nothing but the rate is measured: a slow peer would take most of the run. 1 if absent. */
  readonly share?: number
  /** Worker threads of one process, not processes. */
  readonly threads?: true
  /** Returns why it cannot be measured here; may install or compile first. */
  readonly findMissing: () => string | undefined
  readonly transport: (ports: ChannelPorts) => Transport
}

const NOT_KEPT = 'keeps nothing'
const isThere = () => undefined

export const PEERS: readonly Peer[] = [
  {
    id: 'ours',
    title: 'ours, batches of next()',
    durability: 'flushSync: fdatasync of the segment',
    findMissing: isThere,
    transport: () => chronicleTransport('next'),
  },
  {
    id: 'ours-for-await',
    title: 'ours, for await, a commit per message',
    notDurable: 'the same as the row above',
    findMissing: isThere,
    transport: () => chronicleTransport('for await'),
  },
  { id: 'socket', title: 'Unix socket', notDurable: NOT_KEPT, findMissing: isThere, transport: () => unixSocketTransport },
  {
    id: 'channel',
    title: 'worker MessageChannel',
    notDurable: NOT_KEPT,
    threads: true,
    findMissing: isThere,
    transport: messageChannelTransport,
  },
  {
    id: 'file',
    title: 'fs append',
    durability: 'fdatasync of the file',
    findMissing: isThere,
    transport: () => fileAppendTransport,
  },
  {
    id: 'mmap-io',
    title: 'mmap-io, written by hand',
    durability: 'msync of data, then of the position',
    findMissing: () => {
      const loaded = loadMmapIo()
      return 'missing' in loaded ? loaded.missing : undefined
    },
    transport: () => mmapIoTransport,
  },
  {
    id: 'lmdb',
    title: 'LMDB (lmdb)',
    durability: 'a synced transaction',
    findMissing: () => findMissingPackage('lmdb'),
    transport: () => lmdbTransport,
  },
  {
    id: 'sqlite',
    title: 'SQLite (node-sqlite3-wasm, rollback journal)',
    durability: 'synchronous=FULL',
    share: 0.1,
    findMissing: isThere,
    transport: () => sqliteTransport,
  },
  {
    id: 'redis',
    title: 'Redis Streams',
    durability: 'appendfsync always',
    server: 'redis',
    share: 0.25,
    findMissing: () => findMissingProgram('redis-server') ?? findMissingPackage('redis'),
    transport: () => redisTransport,
  },
  {
    id: 'nats',
    title: 'NATS JetStream',
    notDurable: 'the server of Debian 12 (2.9) cannot sync before it acknowledges',
    server: 'nats',
    share: 0.1,
    findMissing: () => findMissingProgram('nats-server') ?? findMissingPackage('nats'),
    transport: () => natsTransport,
  },
]

/** Systems that the comparison does not measure yet; every report says so. */
export const NOT_BUILT = ['better-sqlite3: not built; SQLite is measured through the package that this repository has']

export function findPeer(id: string): Peer | undefined {
  return PEERS.find((peer) => peer.id === id)
}

function findMissingPackage(name: string): string | undefined {
  const problem = installPeers()
  return isPeerInstalled(name) ? undefined : (problem ?? `the package ${name} is not installed`)
}

function findMissingProgram(name: string): string | undefined {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined ? undefined : `${name} is not installed`
}
