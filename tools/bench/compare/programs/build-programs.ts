import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkoutRoot } from '../checkout-root.js'
import { PEERS_FOLDER } from '../install-peers.js'
import type { Command } from './run-program.js'

const SOURCES = join(checkoutRoot, 'tools/bench/compare')
const COPY_JARS = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const BUILD_MS_MAX = 900_000

/** Either how a program is started, or why it cannot be. */
export type Built = { readonly command: Command } | { readonly missing: string }

/** A program in another language: built once for each state of its sources, from then on without a network. */
export interface Program {
  /** Of its folder. */
  readonly name: string
  /** Everything that it is made of. */
  readonly sources: readonly string[]
  /** Programs without which it can be neither built nor started. */
  readonly tools: readonly string[]
  /** Commands that build it into a folder, in this order. */
  readonly steps: (folder: string) => readonly (readonly [string, ...string[]])[]
  readonly command: (folder: string) => Command
}

const JVM: Program = {
  name: 'jvm',
  sources: [join(SOURCES, 'jvm/pom.xml'), ...sourcesOf('jvm/src')],
  tools: ['java', 'javac', 'mvn'],
  steps: (folder) => [
    [
      'mvn',
      '-q',
      '-B',
      '-f',
      join(SOURCES, 'jvm/pom.xml'),
      COPY_JARS,
      `-DoutputDirectory=${folder}/lib`,
      '-DincludeScope=runtime',
    ],
    ['javac', '-nowarn', '-cp', `${folder}/lib/*`, '-d', `${folder}/classes`, ...sourcesOf('jvm/src')],
  ],
  command: (folder) => ({
    file: 'java',
    args: [`@${join(SOURCES, 'jvm/java-options')}`, '-cp', `${folder}/classes:${folder}/lib/*`, 'Main'],
  }),
}

const RUST: Program = {
  name: 'rust',
  sources: [join(SOURCES, 'rust/Cargo.toml'), join(SOURCES, 'rust/Cargo.lock'), ...sourcesOf('rust/src')],
  tools: ['cargo'],
  steps: (folder) => [
    ['cargo', 'build', '--release', '--locked', '--manifest-path', join(SOURCES, 'rust/Cargo.toml'), '--target-dir', folder],
  ],
  command: (folder) => ({ file: join(folder, 'release/compared-peers'), args: [] }),
}

export const buildJvmProgram = () => buildOnce(JVM)
export const buildRustProgram = () => buildOnce(RUST)

/** Builds a program unless it was built from the same sources before. */
export function buildOnce({ name, sources, tools, steps, command }: Program, parent = PEERS_FOLDER): Built {
  const folder = join(parent, name)
  const missing = tools.find((tool) => spawnSync(tool, ['--version'], { stdio: 'ignore' }).error !== undefined)
  if (missing !== undefined) return { missing: `${missing} is not installed` }
  const stamp = join(folder, 'stamp')
  const state = hashOf(sources)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === state) return { command: command(folder) }
  rmSync(stamp, { force: true })
  rmSync(join(folder, 'classes'), { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const [file, ...args] of steps(folder)) {
    const { status } = spawnSync(file, args, { stdio: 'ignore', timeout: BUILD_MS_MAX })
    if (status !== 0) return { missing: `${file} could not build the program` }
  }
  writeFileSync(stamp, state)
  return { command: command(folder) }
}

function sourcesOf(folder: string): string[] {
  return readdirSync(join(SOURCES, folder))
    .sort()
    .map((name) => join(SOURCES, folder, name))
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths) hash.update(readFileSync(path)).update('\0')
  return hash.digest('hex')
}
