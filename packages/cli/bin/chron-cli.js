#!/usr/bin/env node
import module from 'node:module'

// From Node.js 22 on, what was compiled is kept for the next run.
module.enableCompileCache?.()
try {
  const { main } = await import('../dist/main.js')
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // The packages are not built, or the addon does not load: what to do helps, a stack trace does not.
  const text = error.code === 'ERR_MODULE_NOT_FOUND' ? `not built, run npm run build (${error.message})` : error.message
  console.error(`chron-cli: error: ${process.argv.includes('--debug') ? error.stack : text}`)
  process.exitCode = 1
}
