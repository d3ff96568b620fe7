/** A process with several strategies, which lives until it is killed or asked to come to rest. */
import { BusLayout } from '@chronicle-ts/bus'
import { Random } from '../random.js'
import { StrategyLife } from './strategy-life.js'

const TURN_MS = 20

const [root = '', seed = '0', names = '[]'] = process.argv.slice(2)
const random = new Random(Number(seed))
const layout = new BusLayout(root)
const lives = (JSON.parse(names) as string[]).map((name) => new StrategyLife(layout, name, new Random(random.seed())))

let isResting = false
process.on('message', () => {
  isResting = true
})
// A director that is gone takes its hosts along.
process.on('disconnect', () => process.exit(0))

setInterval(() => {
  const nowMs = performance.now()
  for (const life of lives) {
    if (isResting) life.rest(nowMs)
    else life.act(nowMs)
  }
}, TURN_MS)
