import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../run/root.mjs'
import { writeRegistryReadme } from './registry-readme.mjs'

/** Folders of the packages that are published, below `packages/`. */
export function publishedPackages() {
  return readdirSync(join(root, 'packages')).filter((name) => manifestOf(name).private !== true)
}

/**
 * @param {string} name folder below `packages/`
 * @returns {{ name: string, version: string, private?: boolean, repository?: unknown, dependencies?: Record<string, string> }}
 */
export function manifestOf(name) {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'))
}

/** Deletes prebuilt addons of older sources: they would be packed, and do not fit the JavaScript beside them. */
export function dropOutdatedPrebuilds() {
  execFileSync(process.execPath, ['prebuild.mjs', '--drop'], { cwd: join(root, 'packages/native') })
}

/**
 * Packs every published package of the built checkout. The second packing has the README as registries show it, so that the checkout stays as it is.
 *
 * @param {string} destination folder
 * @returns {Map<string, string>} full name -> path of its tarball
 */
export function packAll(destination) {
  dropOutdatedPrebuilds()
  for (const name of publishedPackages()) copyFileSync(join(root, 'LICENSE'), join(root, 'packages', name, 'LICENSE'))
  const staged = mkdtempSync(join(destination, 'staged-'))
  try {
    const tarballs = runPack(
      staged,
      publishedPackages().map((name) => `--workspace=packages/${name}`),
    )
    const folders = [...tarballs].map(([fullName, path]) => {
      const folder = join(staged, basename(fullName))
      mkdirSync(folder)
      execFileSync('tar', ['-xzf', path, '-C', folder, '--strip-components=1'])
      writeRegistryReadme(folder, basename(fullName))
      return folder
    })
    return runPack(destination, folders)
  } finally {
    rmSync(staged, { recursive: true })
  }
}

/**
 * @param {string} destination
 * @param {string[]} what folders or workspaces
 * @returns {Map<string, string>} full name -> path of its tarball
 */
function runPack(destination, what) {
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination, ...what]
  /** @type {{ name: string, filename: string }[]} */
  const packed = JSON.parse(execFileSync('npm', options, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }))
  return new Map(
    packed.map(({ name, filename }) => [name, join(destination, filename.replace('@chronicle-ts/', 'chronicle-ts-'))]),
  )
}

/**
 * Puts this machine's own build of the addon in the place of the prebuilt one, where that was not packed: cross-compiling takes minutes.
 *
 * @param {string} application folder with the installed packages
 * @returns {boolean} whether it did
 */
export function addLocalAddon(application) {
  const folder = join(application, 'node_modules/@chronicle-ts/native/prebuilds', `linux-${process.arch}-glibc`)
  if (existsSync(join(folder, 'chronicle.node'))) return false
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(root, 'packages/native/dist/chronicle.node'), join(folder, 'chronicle.node'))
  return true
}
