import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findNatsServer, NatsServer } from '@chronicle-ts/testing'
import { onTestFinished } from 'vitest'
import type { NatsOptions } from '../../src/index.js'
import { makeCertificates, NO_OPENSSL } from './certificates.js'
import { temporaryDirectory } from './queues.js'

const PAGE = join(import.meta.dirname, '../../../../docs/replication.md')
const SECTION = '## Setting up three servers'
const NAMES = ['nats1', 'nats2', 'nats3'] as const
const PASSWORD = 'secret'

const BINARY = findNatsServer()

/** `sync_interval: always` came with 2.10. */
function isNew([major, minor]: readonly [number, number, number]): boolean {
  return major > 2 || (major === 2 && minor >= 10)
}

/** Why tests of three servers do not run; `undefined` where they do. */
export const NO_CLUSTER =
  BINARY === undefined || !isNew(BINARY.version)
    ? 'nats-server 2.10 or later is not installed (CHRONICLE_NATS_SERVER names one): the tests of three servers are skipped'
    : NO_OPENSSL

/** Three servers with the configuration that docs/replication.md shows, on loopback. */
export class NatsCluster {
  readonly servers: ReadonlyMap<string, NatsServer>
  /** As the commands of that page are given them. */
  readonly connection: NatsOptions

  private constructor(servers: ReadonlyMap<string, NatsServer>, ca: string) {
    this.servers = servers
    const urls = [...servers.values()].map(({ url }) => url.replace('nats:', 'tls:'))
    this.connection = { servers: urls, user: 'bridge', password: PASSWORD, tls: { caFile: ca } }
  }

  static async start(): Promise<NatsCluster> {
    const folder = temporaryDirectory()
    const { ca, server } = makeCertificates(folder)
    const routes = new Map<string, string>()
    for (const name of NAMES) routes.set(name, `127.0.0.1:${await NatsServer.freePort()}`)
    const servers = new Map<string, NatsServer>()
    for (const name of NAMES) {
      const config = ({ listen, store }: { readonly listen: string; readonly store: string }): string =>
        NAMES.reduce((text, other) => text.replaceAll(`${other}:6222`, routes.get(other) ?? ''), documentedConfig())
          .replace('server_name: nats1', `server_name: ${name}`)
          .replace('listen: 0.0.0.0:4222', `listen: "${listen}"`)
          .replace('listen: 0.0.0.0:6222', `listen: "${routes.get(name)}"`)
          .replace('store_dir: /var/lib/nats', `store_dir: "${store}"`)
          .replaceAll('/etc/nats/nats1.pem', server.cert)
          .replaceAll('/etc/nats/nats1.key', server.key)
          .replaceAll('/etc/nats/ca.pem', ca)
          .replace('"$2a$11$..."', `"${PASSWORD}"`)
      const started = await NatsServer.start({ folder: join(folder, name), config, binary: BINARY })
      onTestFinished(() => started.kill())
      servers.set(name, started)
    }
    return new NatsCluster(servers, ca)
  }

  /** The server of this name, as the servers call themselves. */
  get(name: string | undefined): NatsServer {
    const server = this.servers.get(name ?? '')
    if (server === undefined) throw new Error(`there is no server ${name}`)
    return server
  }
}

/** The first block of that section. @throws when the page no longer has it */
function documentedConfig(): string {
  const [, section = ''] = readFileSync(PAGE, 'utf8').split(SECTION)
  const block = /```text\n([\s\S]*?)```/.exec(section)?.[1]
  if (block === undefined) throw new Error(`${PAGE} shows no configuration under ${SECTION}`)
  return block
}
