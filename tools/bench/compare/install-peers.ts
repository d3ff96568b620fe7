import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { checkoutRoot } from './checkout-root.js'

/** Ignored by git and by every check. */
export const PEERS_FOLDER = join(checkoutRoot, 'build', 'compare-peers')
const MANIFEST = join(checkoutRoot, 'tools', 'bench', 'compare', 'package.json')

/** Installs the packages of the peers unless they are there; without their scripts. Returns what stood in the way. */
export function installPeers(): string | undefined {
  const copy = join(PEERS_FOLDER, 'package.json')
  const isCurrent = existsSync(copy) && readFileSync(copy, 'utf8') === readFileSync(MANIFEST, 'utf8')
  if (isCurrent && arePeersInstalled()) return undefined
  mkdirSync(PEERS_FOLDER, { recursive: true })
  copyFileSync(MANIFEST, copy)
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1']
  const { status } = spawnSync('npm', args, { cwd: PEERS_FOLDER, stdio: 'ignore', timeout: 120_000 })
  return status === 0 ? undefined : 'npm could not install the packages of the peers'
}

function arePeersInstalled(): boolean {
  return ['lmdb', 'nats', 'redis'].every((name) => isPeerInstalled(name))
}

export function isPeerInstalled(name: string): boolean {
  return existsSync(join(PEERS_FOLDER, 'node_modules', name, 'package.json'))
}

/** The caller declares the part of the package that it uses: the checkout has no types of packages that are installed on demand. */
export function requirePeer<Module>(name: string): Module {
  return createRequire(join(PEERS_FOLDER, 'package.json'))(name) as Module
}
