import type { BusLayout } from '@chronicle-ts/bus'
import { type MessageSource, openObserver, QueueError } from '@chronicle-ts/core'
import { type Answer, decodeAnswer, decodeOrder, type Order } from '../trading/order-codec.js'

/** What one queue holds, read from its first message to its last. */
export interface QueueAudit {
  readonly directory: string
  readonly messages: number
  /** Messages missing between two that follow each other; reading ends at what cannot be read, which counts as one. */
  readonly gaps: number
  /** Why reading ended before the end. */
  readonly problem: string | undefined
}

/** What a strategy's two queues say about each other. */
export interface StrategyAudit {
  readonly strategy: string
  readonly orders: QueueAudit
  readonly answers: QueueAudit
  readonly acks: number
  readonly fills: number
  /** Orders without an answer. */
  readonly unanswered: number
  /** Answers that no order waits for: to an order that had one already, or that nobody sent. */
  readonly strayAnswers: number
  /** Orders whose id is not the one after their predecessor's. */
  readonly badOrderIds: number
  /** Orders for a market-data message that had led to an order of this venue before. */
  readonly duplicateDecisions: number
}

/** Reads a feed's queue through. */
export function auditFeed(layout: BusLayout, venue: string): QueueAudit {
  const { directory } = layout.feed(venue)
  const queue = new AuditedQueue(directory)
  while (queue.next() !== undefined);
  return queue.close()
}

/** Reads a strategy's queues side by side: answers come in the order of the orders, so nothing has to be kept. */
export function auditStrategy(layout: BusLayout, strategy: string): StrategyAudit {
  const paths = layout.strategy(strategy)
  const orders = new AuditedQueue(paths.ordersOut)
  const answers = new AuditedQueue(paths.ordersIn)
  const counts = { acks: 0, fills: 0, unanswered: 0, strayAnswers: 0, badOrderIds: 0, duplicateDecisions: 0 }
  const lastMarketSequences = new Map<string, number>()
  let lastOrderId = 0
  let answer = nextAnswer(answers)
  for (let order = nextOrder(orders); order !== undefined; order = nextOrder(orders)) {
    if (order.orderId !== lastOrderId + 1) counts.badOrderIds++
    lastOrderId = order.orderId
    if (order.marketSequence <= (lastMarketSequences.get(order.venue) ?? -1)) counts.duplicateDecisions++
    lastMarketSequences.set(order.venue, order.marketSequence)
    for (; answer !== undefined && answer.orderId < order.orderId; answer = nextAnswer(answers)) counts.strayAnswers++
    if (answer === undefined || answer.orderId > order.orderId) {
      counts.unanswered++
      continue
    }
    if (answer.outcome === 'fill') counts.fills++
    else counts.acks++
    answer = nextAnswer(answers)
  }
  for (; answer !== undefined; answer = nextAnswer(answers)) counts.strayAnswers++
  return { strategy, orders: orders.close(), answers: answers.close(), ...counts }
}

function nextOrder(queue: AuditedQueue): Order | undefined {
  const message = queue.next()
  return message === undefined ? undefined : decodeOrder(message.typeId, message.payload)
}

function nextAnswer(queue: AuditedQueue): Answer | undefined {
  const message = queue.next()
  return message === undefined ? undefined : decodeAnswer(message.typeId, message.payload)
}

/** Reads one queue as an observer and counts. A queue that is not there holds nothing. */
class AuditedQueue {
  readonly #directory: string
  readonly #source: MessageSource | undefined
  #messages = 0
  #gaps = 0
  #nextSequence: number | undefined
  #problem: string | undefined

  constructor(directory: string) {
    this.#directory = directory
    this.#source = openIfThere(directory)
  }

  next() {
    if (this.#problem !== undefined) return undefined
    try {
      const message = this.#source?.next()
      if (message === undefined) return undefined
      this.#gaps += this.#nextSequence === undefined ? 0 : Math.abs(message.sequence - this.#nextSequence)
      this.#nextSequence = message.sequence + 1
      this.#messages++
      return message
    } catch (error) {
      if (!(error instanceof QueueError)) throw error
      this.#problem = error.message
      this.#gaps++
      return undefined
    }
  }

  close(): QueueAudit {
    this.#source?.close()
    return { directory: this.#directory, messages: this.#messages, gaps: this.#gaps, problem: this.#problem }
  }
}

function openIfThere(directory: string): MessageSource | undefined {
  try {
    return openObserver(directory, { start: 'earliest' })
  } catch (error) {
    if (error instanceof QueueError && (error.code === 'ERR_NOT_FOUND' || error.code === 'ERR_NOT_A_QUEUE')) return undefined
    throw error
  }
}
