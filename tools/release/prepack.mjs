#!/usr/bin/env node
/**
 * npm runs this before it packs a package (script `prepack`, in the package's folder): everything is built, and what only the registry's copy needs is put in place. It
 * fails where a package would be incomplete. `postpack.mjs` takes back what the checkout has otherwise.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../run/root.mjs'
import { swapReadme } from './registry-readme.mjs'

const folder = process.cwd()

/** @param {string[]} words */
function run(words) {
  const { status } = spawnSync(process.execPath, words, { cwd: folder, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}

run([join(root, 'tools', 'run.mjs'), 'build'])
if (existsSync(join(folder, 'prebuild.mjs'))) run([join(folder, 'prebuild.mjs')])
copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
swapReadme(basename(folder))
