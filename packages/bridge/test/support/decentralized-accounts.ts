import { nkeys } from '@nats-io/transport-node'

type KeyPair = ReturnType<typeof nkeys.createUser>

/** What `nsc` would make: an operator, an account with JetStream, and a user of it. */
export interface DecentralizedAccounts {
  /** Lines for the configuration of the server. */
  readonly settings: string
  /** Contents of a credentials file. */
  readonly credentials: string
}

const NO_LIMITS = {
  subs: -1,
  data: -1,
  payload: -1,
  imports: -1,
  exports: -1,
  wildcards: true,
  conn: -1,
  leaf: -1,
}

const JETSTREAM = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }

export function makeDecentralizedAccounts(): DecentralizedAccounts {
  const operator = nkeys.createOperator()
  const system = nkeys.createAccount()
  const account = nkeys.createAccount()
  const user = nkeys.createUser()
  const accountToken = (keys: KeyPair): string =>
    token(operator, keys, 'account', { limits: keys === system ? NO_LIMITS : { ...NO_LIMITS, ...JETSTREAM } })
  const settings = [
    `operator: "${token(operator, operator, 'operator', { system_account: system.getPublicKey() })}"`,
    `system_account: "${system.getPublicKey()}"`,
    'resolver: MEMORY',
    `resolver_preload: { ${system.getPublicKey()}: "${accountToken(system)}", ${account.getPublicKey()}: "${accountToken(account)}" }`,
  ]
  const seed = Buffer.from(user.getSeed()).toString('latin1')
  const limits = { subs: -1, data: -1, payload: -1, pub: {}, sub: {} }
  const credentials = [
    '-----BEGIN NATS USER JWT-----',
    token(account, user, 'user', limits),
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    seed,
    '------END USER NKEY SEED------',
    '',
  ]
  return { settings: settings.join('\n'), credentials: credentials.join('\n') }
}

function token(issuer: KeyPair, subject: KeyPair, type: string, claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: type,
    sub: subject.getPublicKey(),
    nats: { ...claims, type, version: 2 },
  }
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(body)}`
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`
}
