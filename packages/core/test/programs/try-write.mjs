// Tries to open a queue for writing and prints what came of it. Argument: directory.
import { openWriter } from '@chronicle-ts/core'

try {
  openWriter(process.argv[2]).close()
  console.log(JSON.stringify({ code: 'none' }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, pid: error.pid, startTime: error.startTime, sinceMs: error.sinceMs }))
}
