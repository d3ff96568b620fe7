import type { BusLayout } from '@chronicle-ts/bus'
import { isQueueError, type Message, type MessageSource, openObserver } from '@chronicle-ts/core'
import { decodeAnswer, decodeOrder, OrderFormatError } from '../checked-order.js'
import { type AppendedFrames, FrameAccount } from '../feed/appended-frames.js'

/** What one queue holds, read from its first message to its last. */
export interface QueueAudit {
  readonly directory: string
  readonly messages: number
  /**
   * Messages missing before the first one (nothing is ever deleted here), between two that follow each other, and after the last one. Those after the last one count as far as
   * the process that appended them reports. Reading ends at what
   * cannot be read, which counts as one.
   */
  readonly gaps: number
  /** Why reading ended before the end. */
  readonly problem: string | undefined
}

/** What a feed's queue holds, compared with what its feed says. */
export interface FeedAudit extends QueueAudit {
  /** As many frames as the feed appended are there, and not the same ones. */
  readonly differs: boolean
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
  /** Answers that no order waits for: to an order that had one already, or that was not sent. */
  readonly strayAnswers: number
  /** Orders whose id is not the one after their predecessor's. */
  readonly badOrderIds: number
  /** Id of the last order that can be read; 0 when there is none. */
  readonly lastOrderId: number
  /** Messages that are neither orders nor answers. */
  readonly malformed: number
  /** Orders for a market-data message that had led to an order of this venue before. */
  readonly duplicateDecisions: number
}

/**
 * Reads a feed's queue through.
 *
 * @param appended what the feed that ran last says: a lost segment, also the first or the last one, shows as fewer frames, and a changed frame as another digest
 */
export function auditFeed(layout: BusLayout, venue: string, appended?: AppendedFrames): FeedAudit {
  const { directory } = layout.feed(venue)
  const queue = new AuditedQueue(directory)
  const account = new FrameAccount()
  const from = appended?.firstSequence ?? Number.POSITIVE_INFINITY
  let last = -1
  for (let message = queue.next(); message !== undefined; message = queue.next()) {
    last = message.sequence
    if (last >= from) account.add(last, message.payload)
  }
  const audit = queue.close()
  if (appended?.firstSequence === undefined) return { ...audit, differs: false }
  const missingAtEnd = Math.max(0, appended.firstSequence + appended.count - 1 - last)
  const found = account.appended
  const differs = found.count === appended.count && found.digest !== appended.digest
  return { ...audit, gaps: audit.gaps + missingAtEnd, differs: differs || found.count > appended.count }
}

/** Reads a strategy's queues side by side: answers come in the order of the orders, so nothing has to be kept. */
export function auditStrategy(layout: BusLayout, strategy: string): StrategyAudit {
  const paths = layout.strategy(strategy)
  const orders = new AuditedQueue(paths.ordersOut)
  const answers = new AuditedQueue(paths.ordersIn)
  const counts = { acks: 0, fills: 0, unanswered: 0, strayAnswers: 0, badOrderIds: 0, duplicateDecisions: 0 }
  const lastMarketSequences = new Map<string, number>()
  const nextAnswer = () => answers.nextDecoded(decodeAnswer)
  let lastOrderId = 0
  let answer = nextAnswer()
  for (let order = orders.nextDecoded(decodeOrder); order !== undefined; order = orders.nextDecoded(decodeOrder)) {
    const { orderId, venue, marketSequence } = order
    if (orderId !== lastOrderId + 1) counts.badOrderIds++
    lastOrderId = orderId
    if (marketSequence <= (lastMarketSequences.get(venue) ?? -1)) counts.duplicateDecisions++
    lastMarketSequences.set(venue, marketSequence)
    for (; answer !== undefined && answer.orderId < orderId; answer = nextAnswer()) counts.strayAnswers++
    if (answer?.orderId !== orderId) counts.unanswered++
    else {
      counts[answer.outcome === 'fill' ? 'fills' : 'acks']++
      answer = nextAnswer()
    }
  }
  for (; answer !== undefined; answer = nextAnswer()) counts.strayAnswers++
  const malformed = orders.malformed + answers.malformed
  return { strategy, orders: orders.close(), answers: answers.close(), lastOrderId, malformed, ...counts }
}

/** Reads one queue as an observer and counts. A queue that is not there holds nothing. */
class AuditedQueue {
  /** Messages that are not what the queue is for. */
  malformed = 0
  readonly #directory: string
  readonly #source: MessageSource | undefined
  #messages = 0
  #gaps = 0
  #nextSequence = 0
  #problem: string | undefined

  constructor(directory: string) {
    this.#directory = directory
    this.#source = openIfThere(directory)
  }

  next(): Message | undefined {
    if (this.#problem !== undefined) return undefined
    try {
      const message = this.#source?.next()
      if (message === undefined) return undefined
      this.#gaps += Math.abs(message.sequence - this.#nextSequence)
      this.#nextSequence = message.sequence + 1
      this.#messages++
      return message
    } catch (error) {
      if (!isQueueError(error)) throw error
      this.#problem = error.message
      this.#gaps++
      return undefined
    }
  }

  /** The next message that can be decoded. */
  nextDecoded<T>(decode: (typeId: number, payload: Buffer) => T): T | undefined {
    for (let message = this.next(); message !== undefined; message = this.next()) {
      try {
        return decode(message.typeId, message.payload)
      } catch (error) {
        if (!(error instanceof OrderFormatError)) throw error
        this.malformed++
      }
    }
    return undefined
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
    if (isQueueError(error) && ['ERR_NOT_FOUND', 'ERR_NOT_A_QUEUE', 'ERR_NOT_READY'].includes(error.code)) return undefined
    throw error
  }
}
