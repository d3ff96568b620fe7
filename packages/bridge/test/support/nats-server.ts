import { findNatsServer, NatsServer, type NatsServerOptions } from '@chronicle-ts/testing'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { newDirectory, temporaryDirectory } from './queues.js'

const BINARY = findNatsServer()

/** Why tests of JetStream do not run; `undefined` where they do. */
export const NO_SERVER = BINARY === undefined ? 'nats-server is not installed: the tests of JetStream are skipped' : undefined

/** Starts a server of its own on loopback, with JetStream, that ends with the test. */
export async function startServer(settings = '', options: Partial<NatsServerOptions> = {}): Promise<NatsServer> {
  const server = await NatsServer.start({ folder: temporaryDirectory(), settings, binary: BINARY, ...options })
  onTestFinished(() => server.kill())
  return server
}

/** One server for the tests of a group that only carry queues over it: each has a queue, and so a stream, of its own. */
export function serverOfGroup(settings = ''): () => NatsServer {
  let server: NatsServer | undefined
  let folder: ReturnType<typeof newDirectory> | undefined
  beforeAll(async () => {
    folder = newDirectory()
    server = await NatsServer.start({ folder: folder.path, binary: BINARY, settings })
  })
  afterAll(async () => {
    await server?.kill()
    folder?.remove()
  })
  return () => server as NatsServer
}
