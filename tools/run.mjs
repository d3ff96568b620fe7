#!/usr/bin/env node
import { buildPackages, isBuilt } from './run/build.mjs'
/**
 * `npm run <task>`: brings the checkout up to date (packages, addon, TypeScript), then runs the task.
 *
 * Needs nothing but Node itself, and parses on versions that are too old to run the project, so that it can say so. What is up to
 * date is skipped, which makes a second run start at once and work without a network.
 */
import { installDependencies, isInstalled } from './run/install.mjs'
import { withCheckoutLock } from './run/lock.mjs'
import { PreparationError } from './run/preparation-error.mjs'
import { missingPrerequisites } from './run/prerequisites.mjs'
import { root } from './run/root.mjs'
import { runTask, taskNames } from './run/tasks.mjs'

process.exitCode = await main(process.argv.slice(2))

/** @param {string[]} args */
async function main([task = '', ...taskArguments]) {
  if (!taskNames.includes(task)) {
    console.error(`usage: npm run <task> [-- arguments]; tasks: ${taskNames.join(', ')}`)
    return 1
  }
  const missing = missingPrerequisites({ platform: process.platform, nodeVersion: process.versions.node, env: process.env })
  if (missing.length > 0) {
    for (const line of missing) console.error(line)
    return 1
  }
  try {
    await prepare()
  } catch (error) {
    if (!(error instanceof PreparationError)) throw error
    console.error(error.message)
    return 1
  }
  return runTask(task, taskArguments)
}

/** A checkout that is up to date is only read: it may belong to another user. */
async function prepare() {
  if (isInstalled(root) && isBuilt(root)) return
  await withCheckoutLock(root, async () => {
    installDependencies(root)
    buildPackages(root)
  })
}
