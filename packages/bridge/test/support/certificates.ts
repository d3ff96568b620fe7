import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of an authority, and of certificates that it signed. */
export interface Certificates {
  readonly ca: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

/** Why there are none; `undefined` where openssl is installed. */
export const NO_OPENSSL = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed'

/** Makes an authority that nothing else knows, a certificate of a server at 127.0.0.1, and one of a client. */
export function makeCertificates(folder: string): Certificates {
  const file = (name: string): string => join(folder, name)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '30',
    '-subj',
    '/CN=an authority',
  )
  const sign = (name: string, subject: string): { cert: string; key: string } => {
    writeFileSync(file(`${name}.ext`), 'subjectAltName=IP:127.0.0.1\n')
    openssl('req', ...newKey, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', subject)
    const from = ['-in', file(`${name}.csr`), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '30']
    openssl('x509', '-req', ...from, '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`))
    return { cert: file(`${name}.pem`), key: file(`${name}.key`) }
  }
  return { ca: file('ca.pem'), server: sign('server', '/CN=nats'), client: sign('client', '/CN=a bridge') }
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`)
}
