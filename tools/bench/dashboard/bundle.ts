import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { DashboardProbe } from './dashboard-probe.js'
import { CLI } from './started-ui.js'

const FILES = ['index.html', 'app.mjs', 'app.css']

/** What a browser loads, as a proxy that compresses would send it. */
export const bundle: DashboardProbe = {
  name: 'the length of page, script and style',
  measure: () => {
    const lengths = FILES.map((name) => gzipSync(readFileSync(join(CLI, 'dist/ui', name))).length)
    return { bundleKb: lengths.reduce((sum, length) => sum + length, 0) / 1000 }
  },
}
