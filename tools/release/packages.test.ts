import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packAll } from './pack.mjs'
import { registryReadme } from './registry-readme.mjs'

/**
 * What a user gets from the registry: tarballs of the built checkout, unpacked beside each other in an empty application. The addon in them is this checkout's own build, in
 * the place of the prebuilt one, because cross-compiling takes minutes.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const LIBRARY = 'glibcVersionRuntime' in (process.report.getReport() as { header: object }).header ? 'glibc' : 'musl'
const NAMES = readdirSync(join(root, 'packages')).filter((name) => readManifest(join(root, 'packages', name)).private !== true)

let scratch: string
let application: string
const contents = new Map<string, string[]>()

interface Manifest {
  readonly private?: boolean
  readonly exports?: Record<string, unknown>
  readonly keywords?: readonly string[]
  readonly dependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'chronicle-packages-'))
  application = join(scratch, 'application')
  for (const [fullName, tarball] of packAll(scratch)) {
    const name = basename(fullName)
    const listed = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
    contents.set(
      name,
      listed.map((path) => path.replace(/^package\//, '')),
    )
    const folder = join(application, 'node_modules', '@chronicle-ts', name)
    mkdirSync(folder, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
  }
  const prebuilt = join(application, 'node_modules/@chronicle-ts/native/prebuilds', `linux-${process.arch}-${LIBRARY}`)
  mkdirSync(prebuilt, { recursive: true })
  execFileSync('cp', [join(root, 'packages/native/dist/chronicle.node'), prebuilt])
  writeFileSync(join(application, 'package.json'), '{"name":"application","private":true,"type":"module"}')
  mkdirSync(join(application, 'queues'))
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function runNode(script: string, ...options: string[]) {
  return spawnSync(process.execPath, [...options, '--eval', script], { cwd: application, encoding: 'utf8' })
}

const ROUND_TRIP = (queue: string) => `
  const writer = core.openWriter('queues/${queue}', { segmentSize: 65536 })
  writer.append(1, Buffer.from('hello'))
  const reader = core.openReader('queues/${queue}', 'r')
  console.log(reader.next().payload.toString())
  reader.close(); writer.close()`

describe('the packages as the registry serves them', () => {
  it.each(NAMES)('%s holds what its maps and exports name, and nothing of the workshop', (name) => {
    const files = contents.get(name) ?? []
    const unwanted = /\.test\.|(^|\/)test\/|\.tsbuildinfo|\.node\.hash|corpus|(^|\/)node_modules\//
    expect(files.filter((path) => unwanted.test(path))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    const folder = join(application, 'node_modules', '@chronicle-ts', name)
    const maps = files.filter((path) => path.endsWith('.map'))
    const broken = maps.filter((path) => {
      const { sources } = JSON.parse(readFileSync(join(folder, path), 'utf8')) as { sources: string[] }
      return sources.some((source) => !files.includes(join(path, '..', source)))
    })
    expect(broken).toEqual([])
    const manifest = readManifest(folder)
    const named = [...JSON.stringify(manifest.exports ?? {}).matchAll(/"\.\/([^"]+\.[^"]+)"/g)].map(([, path]) => path)
    expect(named.filter((path) => path !== undefined && !files.includes(path))).toEqual([])
    expect(manifest.keywords?.length).toBeGreaterThan(2)
  })

  it.each(NAMES)('%s has no dead link in its README', (name) => {
    const text = readFileSync(join(application, 'node_modules/@chronicle-ts', name, 'README.md'), 'utf8')
    const inside = linksOf(text).filter((target) => !/^https:/.test(target))
    expect(inside.filter((target) => !contents.get(name)?.includes(target.replace(/#.*/, '')))).toEqual([])
  })

  it('have READMEs that lead to the repository, when the checkout names one', () => {
    const repository = { url: 'git+https://example.org/owner/name.git' }
    const links = NAMES.flatMap((name) => {
      const folder = `packages/${name}`
      return linksOf(registryReadme(readFileSync(join(root, folder, 'README.md'), 'utf8'), folder, repository))
    })
    const page = /^https:\/\/example\.org\/owner\/name\/(?:blob|tree)\/HEAD\/([^#]+)/
    const paths = links.map((target) => page.exec(target)?.[1] ?? target)
    expect(paths).toEqual(expect.arrayContaining(['docs/cli.md', 'docs/replication.md', 'packages/core']))
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('need nothing that asks for a newer Node.js than they do', () => {
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean; optional?: boolean; peer?: boolean; engines?: { node?: string } }>
    }
    const shipped = Object.entries(packages).filter(
      ([path, { dev, optional }]) => path.includes('node_modules/') && !dev && !optional,
    )
    expect(shipped.length).toBeGreaterThan(5)
    const lowest = (range: string) => Math.min(...range.split('||').map((part) => Number(/\d+/.exec(part)?.[0] ?? 0)))
    expect(shipped.filter(([, { engines }]) => lowest(engines?.node ?? '0') > 20).map(([path]) => path)).toEqual([])
  })

  it('are imported from ES modules', () => {
    const { stdout, stderr } = runNode(
      `const core = await import('@chronicle-ts/core');${ROUND_TRIP('esm')}`,
      '--input-type=module',
    )
    expect(stderr).toBe('')
    expect(stdout).toBe('hello\n')
  })

  it('are required from CommonJS', () => {
    const { stdout } = runNode(
      `const core = require('@chronicle-ts/core');${ROUND_TRIP('cjs')}`,
      '--input-type=commonjs',
      '--no-warnings',
    )
    expect(stdout).toBe('hello\n')
  })

  it('work in a worker thread', () => {
    const worker = `const core = require('@chronicle-ts/core');${ROUND_TRIP('worker')}`
    const script = `new (require('node:worker_threads').Worker)(${JSON.stringify(worker)}, { eval: true })`
    expect(runNode(script, '--input-type=commonjs', '--no-warnings').stdout).toBe('hello\n')
  })

  it('say what was tried and what helps when no addon loads', () => {
    writeFileSync(join(application, 'other.node'), 'not an addon')
    const named = spawnSync(process.execPath, ['--input-type=module', '--eval', `await import('@chronicle-ts/core')`], {
      cwd: application,
      encoding: 'utf8',
      env: { ...process.env, CHRONICLE_ADDON: join(application, 'other.node') },
    })
    expect(named.stderr).toContain('CHRONICLE_ADDON names a file that is not the addon of this version')
    expect(named.stderr).toContain(join(application, 'other.node'))
    const folder = join(application, 'node_modules/@chronicle-ts/native')
    execFileSync('mv', ['prebuilds', 'hidden'], { cwd: folder })
    try {
      const { stderr } = runNode(`await import('@chronicle-ts/core')`, '--input-type=module')
      expect(stderr).toContain(`build it for this machine: node ${join(folder, 'build.mjs')}`)
      for (const place of ['dist', `prebuilds/linux-${process.arch}-${LIBRARY}`])
        expect(stderr).toContain(`${place}/chronicle.node: no such file`)
    } finally {
      execFileSync('mv', ['hidden', 'prebuilds'], { cwd: folder })
    }
  })

  it('ship no declaration that is marked as internal', () => {
    const declared = NAMES.flatMap((name) => {
      const files = (contents.get(name) ?? []).filter((path) => path.endsWith('.d.ts'))
      return files.map((path) => join(application, 'node_modules/@chronicle-ts', name, path))
    })
    expect(declared.length).toBeGreaterThan(NAMES.length)
    expect(declared.filter((path) => readFileSync(path, 'utf8').includes('@internal'))).toEqual([])
  })

  it.each([
    ['nodenext', 'nodenext'],
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])('give TypeScript their types, with every library check on: %s, %s', (module, resolution) => {
    linkDependencies()
    const entries = NAMES.flatMap((name) => {
      const folder = join(application, 'node_modules/@chronicle-ts', name)
      const { exports = {} } = readManifest(folder)
      const typed = Object.entries(exports).filter(([, entry]) => typeof entry === 'object')
      return typed.map(([entry]) => join('@chronicle-ts', name, entry))
    })
    writeFileSync(
      join(application, 'use.ts'),
      `import { openReader, openWriter, QueueObserver, QueueReader, QueueWriter, waitForAny } from '@chronicle-ts/core'
       import { TypedWriter } from '@chronicle-ts/typed'
       ${entries.map((entry, index) => `export * as entry${index} from '${entry}'`).join('\n')}
       const sequence: number = openWriter('q').append(1, new Uint8Array(1))
       const payload: Uint8Array | undefined = openReader('q', 'r').next()?.payload
       export { payload, sequence }
       waitForAny([openReader('q', 'r')])
       // @ts-expect-error A reader has to be opened, which takes a directory that is held.
       new QueueReader()
       // @ts-expect-error
       new QueueObserver()
       // @ts-expect-error
       new QueueWriter()
       // @ts-expect-error
       new TypedWriter()
       // @ts-expect-error Neither a reader nor an observer.
       waitForAny([{}])\n`,
    )
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node']
    const kind = ['--module', module, '--moduleResolution', resolution, '--skipLibCheck', 'false', 'use.ts']
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...kind], {
      cwd: application,
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  })
})

/** Targets of the links of a text, outside of code. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(\s*([^)\s]+)/g)].map(([, target = '']) => target)
}

/** What the packages and their types need from the registry, as the checkout has it. */
function linkDependencies(): void {
  const wanted = NAMES.flatMap((name) => {
    const { dependencies = {}, peerDependencies = {} } = readManifest(join(root, 'packages', name))
    return Object.keys({ ...dependencies, ...peerDependencies }).map((dependency) => ({ name, dependency }))
  })
  for (const { name, dependency } of [...wanted, { name: 'core', dependency: '@types/node' }]) {
    const places = [join(root, 'packages', name, 'node_modules', dependency), join(root, 'node_modules', dependency)]
    const found = places.find((place) => existsSync(place))
    const link = join(application, 'node_modules', dependency)
    if (found === undefined || existsSync(link)) continue
    mkdirSync(join(link, '..'), { recursive: true })
    symlinkSync(found, link)
  }
}
