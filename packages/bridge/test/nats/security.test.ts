import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { connectNats, connectPersistently } from '../../src/index.js'
import { makeCertificates, NO_OPENSSL } from '../support/certificates.js'
import { makeDecentralizedAccounts } from '../support/decentralized-accounts.js'
import { code, Ends, NEVER, until } from '../support/ends.js'
import { NO_SERVER, startServer } from '../support/nats-server.js'
import { temporaryDirectory } from '../support/queues.js'

const REFUSED = code('ERR_SERVER_REFUSED', { category: 'usage' })

function file(name: string, text: string | Uint8Array): string {
  const path = join(temporaryDirectory(), name)
  writeFileSync(path, text)
  return path
}

/** A queue is carried with these options. */
async function expectCarries(server: Parameters<typeof Ends.on>[0], nats: Parameters<typeof Ends.on>[1]): Promise<void> {
  const ends = await Ends.on(server, { messages: 10, ...nats })
  await ends.push()
  await ends.pull()
  ends.expectEqual()
}

describe.skipIf(NO_SERVER !== undefined)(`servers that let not everyone in ${NO_SERVER ?? ''}`, () => {
  it.skipIf(NO_OPENSSL !== undefined)('are reached over TLS, and refused when the certificate does not fit', async () => {
    const { ca, server: own, client } = makeCertificates(temporaryDirectory())
    const other = makeCertificates(temporaryDirectory())
    const settings = `tls { cert_file: "${own.cert}", key_file: "${own.key}", ca_file: "${ca}", verify: true }`
    const server = await startServer(settings)
    const tls = { caFile: ca, certFile: client.cert, keyFile: client.key }
    const stranger = { ...tls, certFile: other.client.cert, keyFile: other.client.key }
    const refused = [server.url, server.url.replace('nats:', 'tls:')].flatMap((servers) => [
      expect(connectNats({ servers })).rejects.toThrow(REFUSED),
      expect(connectNats({ servers, tls: { ...tls, caFile: other.ca } })).rejects.toThrow(REFUSED),
      // In TLS 1.3 a server looks at the certificate of a client after the handshake. The client of NATS does not get why the connection ends, and waits for its whole time.
      expect(connectNats({ servers, tls: stranger })).rejects.toThrow(code('ERR_SERVER_UNREACHABLE')),
      expect(connectNats({ servers, tls: { caFile: ca } })).rejects.toThrow(code('ERR_SERVER_UNREACHABLE')),
    ])
    // Meanwhile, because of that time:
    await expectCarries(server, { nats: { tls } })
    await expect(connectNats({ servers: server.url, tls: { caFile: join(ca, '..', 'x') } })).rejects.toThrow(
      code('ERR_NOT_FOUND'),
    )
    const plain = await startServer()
    const withoutTls = [
      { servers: plain.url, tls },
      { servers: plain.url.replace('nats:', 'tls:'), user: 'bridge', password: 'secret' },
    ]
    for (const options of withoutTls) await expect(connectNats(options)).rejects.toThrow(REFUSED)
    await Promise.all(refused)
  })

  it('are named by addresses that a connection can be made to', async () => {
    for (const servers of ['http://127.0.0.1:4222', 'nats://127.0.0.1/a', 'tls://', ''])
      await expect(connectNats({ servers })).rejects.toThrow(code('ERR_INVALID_ARGUMENT'))
  })

  it('take user and password, token, key or credentials, and refuse wrong ones', async () => {
    const user = nkeys.createUser()
    const seed = file('user.nk', user.getSeed())
    const accounts = makeDecentralizedAccounts()
    const credentialsFile = file('user.creds', accounts.credentials)
    const cases = [
      ['authorization { user: "bridge", password: "secret" }', { user: 'bridge', password: 'secret' }],
      ['authorization { token: "secret" }', { token: 'secret' }],
      [`authorization { users: [ { nkey: "${user.getPublicKey()}" } ] }`, { nkeyFile: seed }],
      [accounts.settings, { credentialsFile }],
    ] as const
    const wrong = [
      {},
      { user: 'bridge', password: 'wrong' },
      { token: 'wrong' },
      { nkeyFile: file('other.nk', nkeys.createUser().getSeed()) },
      { credentialsFile: file('other.creds', makeDecentralizedAccounts().credentials) },
    ]
    const refusals = async ([settings, right]: (typeof cases)[number]): Promise<void> => {
      const server = await startServer(settings)
      await expectCarries(server, { nats: right })
      // A server that is slow to answer is asked again; one that refuses is not.
      const ask = (one: object): Promise<unknown> => connectPersistently({ servers: server.url, ...one }, { signal: NEVER })
      await Promise.all(wrong.map((one) => expect(ask(one)).rejects.toThrow(REFUSED)))
    }
    await Promise.all(cases.map(refusals))
  })

  it('report files that are missing or hold no key', async () => {
    const server = await startServer()
    const missing = join(temporaryDirectory(), 'missing')
    for (const option of ['credentialsFile', 'nkeyFile'] as const) {
      await expect(connectNats({ servers: server.url, [option]: missing })).rejects.toThrow(
        code('ERR_NOT_FOUND', { path: missing }),
      )
      const garbage = file('garbage', 'not a key')
      await expect(connectNats({ servers: server.url, [option]: garbage })).rejects.toThrow(
        code('ERR_INVALID_ARGUMENT', { argument: option }),
      )
    }
  })

  it('stop a bridge that may not publish, or not make its stream', async () => {
    const permissions = (publish: string): string =>
      `authorization { users: [ { user: "bridge", password: "x", permissions: { publish: ${publish}, subscribe: ">" } } ] }`
    const nats = { user: 'bridge', password: 'x' }
    for (const publish of ['["$JS.>"]', '["chronicle.>", "$JS.API.STREAM.INFO.*"]']) {
      const server = await startServer(permissions(publish))
      const ends = await Ends.on(server, { nats })
      await expect(ends.push()).rejects.toThrow(REFUSED)
      await server.kill()
    }
  })

  it('stop a bridge whose password was changed while it ran', async () => {
    const server = await startServer('authorization { user: "bridge", password: "old" }')
    const ends = await Ends.on(server, { nats: { user: 'bridge', password: 'old' } })
    const pushing = ends.pusher().run(NEVER)
    await until(async () => ((await ends.stream.end()).next ?? 0) === 100)
    await server.kill()
    server.configure('authorization { user: "bridge", password: "new" }')
    await server.start()
    await expect(pushing).rejects.toThrow(REFUSED)
  })

  it('are waited for, but not when they refuse', async () => {
    const server = await startServer('authorization { token: "secret" }')
    await server.kill()
    await expect(connectNats({ servers: server.url })).rejects.toThrow(code('ERR_SERVER_UNREACHABLE', { category: 'retry' }))
    const notes: unknown[] = []
    const waiting = connectPersistently(
      { servers: server.url, token: 'secret' },
      { signal: NEVER, onNote: (note) => notes.push(note) },
    )
    await until(() => notes.length > 0)
    await server.start()
    const connection = await waiting
    onTestFinished(() => connection.close())
    expect(connection.isClosed()).toBe(false)
    await expect(connectPersistently({ servers: server.url, token: 'wrong' }, { signal: NEVER })).rejects.toThrow(REFUSED)
    await server.kill()
    const ending = new AbortController()
    const given = connectPersistently({ servers: server.url }, { signal: ending.signal, onNote: () => ending.abort() })
    await expect(given).rejects.toThrow(code('ERR_SERVER_UNREACHABLE'))
  })
})
