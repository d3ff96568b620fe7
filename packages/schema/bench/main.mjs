// What encoding and reading a quote costs, beside other formats: node packages/schema/bench/main.mjs [--json]
//
// Each peer runs in a process of its own, because one place of use that sees several shapes of objects is slow for all of them. The peers take turns, several
// rounds; the best round of each counts, in processor time, so that a busy machine disturbs little. The ratios are to a flyweight as a generator would write it.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROUNDS = 3
const OPERATIONS = ['encode', 'readFour', 'readAll']
const PEERS = ['generated', 'flat1', 'JSON', 'msgpackr', 'msgpackr records', 'protobuf-es', 'FlatBuffers']
const child = fileURLToPath(new URL('./measure-peer.mjs', import.meta.url))

/** Runs the measuring program and returns what it printed. */
function run(...parameters) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', child, ...parameters], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${parameters.join(' ')}: ${stderr}`)
  return JSON.parse(stdout)
}

/** Keeps the smaller figure of each operation. */
function better(one, other) {
  if (one === undefined) return other
  return { ...other, ns: Object.fromEntries(Object.entries(other.ns).map(([name, ns]) => [name, Math.min(ns, one.ns[name])])) }
}

const best = new Map()
for (let round = 0; round < ROUNDS; round++) for (const peer of PEERS) best.set(peer, better(best.get(peer), run('peer', peer)))
const floor = best.get('generated').ns
const rows = PEERS.map((name) => {
  const { ns, bytes, heapGrowth } = best.get(name)
  return {
    name,
    bytes,
    heapGrowth,
    ns,
    ratio: Object.fromEntries(OPERATIONS.map((operation) => [operation, ns[operation] / floor[operation]])),
  }
})
const schemas = [1, 40].map((count) => run('schemas', String(count)))

if (process.argv.includes('--json')) console.log(JSON.stringify({ rows, schemas }))
else {
  console.log(`${'ns (ratio)'.padEnd(18)}${'bytes'.padStart(6)}${OPERATIONS.map((operation) => operation.padStart(18)).join('')}`)
  for (const { name, bytes, ns, ratio } of rows) {
    const cells = OPERATIONS.map((operation) => `${ns[operation].toFixed(1)} (${ratio[operation].toFixed(2)})`.padStart(18))
    console.log(`${name.padEnd(18)}${String(bytes).padStart(6)}${cells.join('')}`)
  }
  for (const { count, ns, generatedNs } of schemas)
    console.log(
      `reading two fields with ${count} schemas: ${ns.toFixed(1)} ns, generated ${generatedNs.toFixed(1)} ns (${(ns / generatedNs).toFixed(2)})`,
    )
  console.log(`flat1: the heap grows by ${best.get('flat1').heapGrowth} bytes over 500,000 messages written and read`)
}
