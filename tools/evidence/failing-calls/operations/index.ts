import { BUS } from './bus.js'
import { COMMANDING } from './commanding.js'
import { COPYING } from './copying.js'
import { DISCOVERING } from './discovering.js'
import { EXCHANGE } from './exchange.js'
import { KEEPING_HOUSE } from './keeping-house.js'
import { OPENING } from './opening.js'
import type { Operation } from './operation.js'
import { READING } from './reading.js'
import { WRITING } from './writing.js'

export const OPERATIONS: readonly Operation[] = [
  ...OPENING,
  ...WRITING,
  ...READING,
  ...KEEPING_HOUSE,
  ...BUS,
  ...EXCHANGE,
  ...COMMANDING,
  ...COPYING,
  ...DISCOVERING,
]

export type { Operation } from './operation.js'
