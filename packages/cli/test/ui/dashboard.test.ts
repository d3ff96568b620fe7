import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { openReader, openWriter, type QueueWriter } from '@chronicle-ts/core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { idOf, QueueCatalog } from '../../src/commands/ui/queue-catalog.js'
import { RequestGuard } from '../../src/commands/ui/request-guard.js'
import { hostsOf } from '../../src/commands/ui/ui-command.js'
import { createUiServer } from '../../src/commands/ui/ui-server.js'
import { QueueFolder } from '../support/queue-folder.js'

/** Debian's, or another one by CHROMIUM. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const ASSETS = fileURLToPath(new URL('../../dist/ui', import.meta.url))
/** Pictures for people: SCREENSHOTS=<folder>. */
const SCREENSHOTS = process.env['SCREENSHOTS']
const AXE = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))
const TOKEN = 'a-token-of-the-tests'

const hasBrowser = existsSync(CHROMIUM)
if (!hasBrowser) console.warn(`the dashboard is not tested in a browser: ${CHROMIUM} is missing; name one in CHROMIUM`)

let folder: QueueFolder
let browser: Browser
let server: Server
let url: string
let writer: QueueWriter
const faults: string[] = []

async function serve(root: string, token?: string): Promise<{ server: Server; url: string }> {
  const guard = new RequestGuard(token)
  const made = createUiServer({ catalog: new QueueCatalog(root), guard, assets: ASSETS })
  await once(made.listen(0, '127.0.0.1'), 'listening')
  const { port } = made.address() as AddressInfo
  guard.allow(hostsOf('127.0.0.1', port))
  return { server: made, url: `http://127.0.0.1:${port}` }
}

function stop(made: Server): void {
  made.close()
  made.closeAllConnections()
}

async function open(path: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
  const page = await browser.newPage(options)
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 401/.test(message.text())) faults.push(message.text())
  })
  page.on('dialog', (dialog) => faults.push(`dialog ${dialog.message()}`))
  await page.goto(path)
  return page
}

function makeQueues(root: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const queue = join(root, `orders/queue/strategy-with-a-long-name-${String(index).padStart(3, '0')}/orders_out`)
    using made = openWriter(queue, { segmentSize: 4096 })
    made.append(1, Buffer.from('hello'))
  }
}

describe.runIf(hasBrowser)('the dashboard in a browser', () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    folder = new QueueFolder()
    makeQueues(folder.path, 8)
    writeFileSync(folder.join('orders/queue/strategy-with-a-long-name-000/orders_out/thresholds.json'), '{"writer":"running"}')
    const trades = folder.join('market_data/queue/trades')
    writer = openWriter(trades, { segmentSize: 1024 * 1024, maxSegments: 64 })
    for (let index = 0; index < 300; index += 1)
      writer.append(1, Buffer.from(JSON.stringify({ symbol: 'BTC-USD', price: index })))
    writer.append(7, Buffer.from('<img src=x onerror=alert(1)><script>alert(2)</script>'))
    writer.append(8, Buffer.from([0xff, 0x00, 0x41]))
    openReader(trades, 'audit', { start: 'earliest' }).close()
    const damaged = folder.join('market_data/queue/damaged')
    openWriter(damaged, { segmentSize: 4096 }).close()
    truncateSync(join(damaged, 'control.meta'), 10)
    const served = await serve(folder.path)
    server = served.server
    url = served.url
  })
  afterAll(async () => {
    writer.close()
    stop(server)
    await browser.close()
    folder.remove()
  })

  it('shows the worst queue first, follows messages live, and never runs a payload', async () => {
    const page = await open(url)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    expect(await page.locator('tbody tr').first().textContent()).toContain('damaged')
    await page.getByLabel('filter by name').fill('trades')
    await page.getByRole('link', { name: 'trades' }).click()
    await page.getByText('reader audit').first().waitFor()
    await expect.poll(() => page.locator('canvas').count()).toBe(2)
    await page.getByRole('link', { name: 'messages', exact: true }).click()
    await page.getByRole('heading', { name: 'Messages of trades' }).waitFor()
    await page.getByText('"price": 299').waitFor()
    await page.getByText('<img src=x onerror=alert(1)><script>').waitFor()
    expect(await page.locator('main img, main script').count()).toBe(0)
    await page.getByText('000000  ff 00 41').waitFor()
    await page.getByRole('button', { name: 'tail' }).click()
    writer.append(1, Buffer.from('{"symbol":"live"}'))
    await page.getByText('"symbol": "live"').waitFor()
    await page.getByRole('button', { name: 'stop the tail' }).click()
    await page.getByLabel('text to search for').fill('"price":123')
    await page.getByRole('button', { name: 'search', exact: true }).click()
    await page.getByText(/done: 1 found in 303 of 303 messages/).waitFor()
    await page.getByLabel('go to a sequence').fill('42')
    await page.getByLabel('go to a sequence').press('Enter')
    await page.locator('.message.chosen').getByText('"price": 42').waitFor()
    expect(page.url()).toContain('/messages/42')
    await page.getByRole('link', { name: 'merged' }).click()
    await page.getByRole('heading', { name: 'All queues' }).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'trades', exact: true }).first().waitFor()
    await page.goto(`${url}/#/q/${idOf(folder.join('orders/queue/strategy-with-a-long-name-001/orders_out'))}`)
    await page.getByText('No reader is registered.').waitFor()
    // Without a reader nothing is behind.
    await expect.poll(() => page.locator('canvas').count()).toBe(1)
    await page.close()
    expect(faults).toEqual([])
  })

  it('is ready in half a second with a small bundle, and accessible, in light and in dark, on four widths', async () => {
    const length = ['index.html', 'app.mjs', 'app.css'].reduce(
      (sum, name) => sum + gzipSync(readFileSync(join(ASSETS, name))).length,
      0,
    )
    expect(length).toBeLessThan(60 * 1024)
    const views = [
      '#/',
      `#/q/${idOf(folder.join('market_data/queue/trades'))}`,
      `#/q/${idOf(folder.join('market_data/queue/trades'))}/messages`,
    ]
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await open(url, { colorScheme })
      for (const [width, height] of [
        [360, 740],
        [1280, 800],
        [1600, 900],
      ] as const) {
        await page.setViewportSize({ width, height })
        for (const [index, view] of views.entries()) {
          await page.goto(`${url}/${view}`)
          await page.locator('h1').waitFor()
          await page.locator('table, .message').first().waitFor()
          const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')
          expect({ width, view, overflow }).toEqual({ width, view, overflow: 0 })
          // A number that is cut at the edge is another number.
          if (index === 0) expect({ width, cut: await page.evaluate(HIDDEN_BY_SCROLLING) }).toEqual({ width, cut: 0 })
          await shoot(page, `${['queues', 'queue', 'messages'][index]}-${width}-${colorScheme}`)
          if (width === 1600) continue
          expect({ width, view, violations: await axe(page) }).toEqual({ width, view, violations: [] })
        }
      }
      await page.close()
    }
    expect(faults).toEqual([])
  })

  it('shows two hundred queues, none, and that the server is gone', async () => {
    const many = folder.join('many')
    makeQueues(many, 200)
    mkdirSync(folder.join('none'))
    for (const [root, text] of [
      [many, '200 queues'],
      [folder.join('none'), 'There is no queue in this directory yet.'],
    ] as const) {
      const served = await serve(root)
      const page = await open(served.url, { viewport: { width: 1280, height: 800 } })
      await page.getByText(text).waitFor()
      // A wrong directory is not a healthy one.
      expect(await page.getByText('all ok').count()).toBe(root === many ? 1 : 0)
      await shoot(page, root === many ? 'two-hundred' : 'none')
      stop(served.server)
      await page.getByText('The server does not answer').waitFor()
      await page.close()
      faults.length = 0
    }
    rmSync(many, { recursive: true })
  })

  it('changes the token of the address into a cookie, and takes it out of the address', async () => {
    const served = await serve(folder.path, TOKEN)
    const page = await open(`${served.url}/#token=${TOKEN}`)
    await page.getByRole('heading', { name: 'Queues' }).waitFor()
    expect(page.url()).not.toContain(TOKEN)
    expect(await page.evaluate('document.cookie')).toBe('')
    const other = await browser.newContext()
    const refused = await other.newPage()
    await refused.goto(served.url)
    await refused.getByText('open the address with the token').waitFor()
    await other.close()
    await page.close()
    stop(served.server)
  })
})

/** Pixels of the table that are only seen after scrolling to the right. */
const HIDDEN_BY_SCROLLING =
  '(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector("section.scroll"))'

async function axe(page: Page): Promise<string[]> {
  // The policy of the page forbids scripts from elsewhere, those of a test too: it is evaluated by the debugger.
  await page.evaluate(readFileSync(AXE, 'utf8'))
  return await page.evaluate(
    'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + " " + nodes.map(({ html }) => html).join(" | ").slice(0, 300)))',
  )
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS === undefined) return
  mkdirSync(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) })
}
