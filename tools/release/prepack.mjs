#!/usr/bin/env node
/**
 * npm runs this before it packs a package (script `prepack`, in the package's folder): everything is built, and what only the registry's copy needs is put in place. It
 * fails where a package would be incomplete.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../run/root.mjs'

const folder = process.cwd()

/** @param {string[]} words */
function run(words) {
  const { status } = spawnSync(process.execPath, words, { cwd: folder, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}

run([join(root, 'tools', 'run.mjs'), 'build'])
if (existsSync(join(folder, 'prebuild.mjs'))) run([join(folder, 'prebuild.mjs')])
copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
