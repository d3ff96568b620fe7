import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { DashboardProbe } from './dashboard-probe.js'
import { Publishing } from './publishing.js'
import { StartedUi } from './started-ui.js'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const QUEUES = 200

/** A page that is opened in a browser which has never seen it: when something stands there, and when the queues do. Without a browser there are no figures. */
export const firstPaint: DashboardProbe = {
  name: 'the first paint',
  measure: async ({ directory, quick }) => {
    if (!existsSync(CHROMIUM)) return {}
    const queues = quick ? 5 : QUEUES
    await using _publishing = await Publishing.start(directory, queues)
    await using ui = await StartedUi.start(directory)
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    try {
      // Starting the browser's own processes belongs to no page.
      const blank = await browser.newPage()
      await blank.goto('about:blank')
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
      await page.goto(ui.url)
      await page.locator(`tbody tr:nth-child(${queues})`).waitFor()
      const tableMs = await page.evaluate<number>('performance.now()')
      const firstPaintMs = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime")
      return { firstPaintMs, tableMs }
    } finally {
      await browser.close()
    }
  },
}
