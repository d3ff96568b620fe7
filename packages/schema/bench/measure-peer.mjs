// Measures one peer, or flat1 with many schemas, and prints the figures as JSON. Started by main.mjs.
import { ascii, f64, message, u32 } from '@chronicle-ts/schema'
import { createPeer } from './peers.mjs'

const COUNT = 50_000
const REPETITIONS = 5
let sink = 0

/** The best of several runs in nanoseconds of processor time. */
function best(loop, count) {
  let least = Number.POSITIVE_INFINITY
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const start = process.cpuUsage()
    loop()
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, ((user + system) * 1000) / count)
  }
  return least
}

function measurePeer(name) {
  const { bytes, encode, readFour, readAll } = createPeer(name)
  // Three loops of their own, so that each is compiled for what it calls.
  const ns = {
    encode: best(() => {
      for (let i = 0; i < COUNT; i++) if (encode(i) === null) sink++
    }, COUNT),
    readFour: best(() => {
      for (let i = 0; i < COUNT; i++) sink += readFour()
    }, COUNT),
    readAll: best(() => {
      for (let i = 0; i < COUNT; i++) sink += readAll()
    }, COUNT),
  }
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 500_000; i++) {
    encode(i)
    sink += readFour()
  }
  globalThis.gc()
  return { bytes, ns, heapGrowth: process.memoryUsage().heapUsed - before }
}

/** One place of use per schema; text makes each a function that the engine compiles for itself. */
function siteOf(reader, view, index) {
  return new Function(
    'reader',
    'view',
    'count',
    `/* ${index} */ let sum = 0; for (let i = 0; i < count; i++) { const q = reader.wrap(view, i & 8, 56, 1); sum += q.bid + q.ask } return sum`,
  ).bind(null, reader, view)
}

class Generated {
  view = new DataView(new ArrayBuffer(8))
  base = 0
  wrap(view, base) {
    this.view = view
    this.base = base
    return this
  }
  get bid() {
    return this.view.getFloat64(this.base + 8, true)
  }
  get ask() {
    return this.view.getFloat64(this.base + 16, true)
  }
}

function measureSchemas(count) {
  const view = new DataView(new ArrayBuffer(64))
  const sites = Array.from({ length: count }, (_, index) => {
    const type = message(`Quote${index}`, index, { [`f${index}`]: u32(), bid: f64(), ask: f64(), symbol: ascii(8) })
    return siteOf(type.reader(), view, index)
  })
  const floor = siteOf(new Generated(), view, 'generated')
  for (const site of sites) sink += site(COUNT)
  const ns = sites.map((site) => best(() => (sink += site(COUNT)), COUNT))
  return { count, ns: ns.reduce((sum, one) => sum + one, 0) / count, generatedNs: best(() => (sink += floor(COUNT)), COUNT) }
}

const [what, parameter] = process.argv.slice(2)
console.log(JSON.stringify(what === 'peer' ? measurePeer(parameter) : measureSchemas(Number(parameter))))
if (Number.isNaN(sink)) throw new Error('nothing was measured')
