import type { AnyMessageType } from '@chronicle-ts/schema'
import { ReadEntry, type TypedMessageOf } from '@chronicle-ts/typed'

/** A message of a topic and where it came from. It moves, as a typed message of a reader does. */
export type TopicMessage<Types extends readonly AnyMessageType[]> = {
  [Index in keyof Types]: TypedMessageOf<Types[Index]> & TopicOrigin
}[number]

export interface TopicOrigin {
  /** Which of the topic's queues it is from: the name of the strategy or feed, or the path of the queue. */
  readonly key: string
  /** Whether a message with a later timestamp was delivered before it. */
  readonly late: boolean
  /** Whether its timestamp lies in the future, so that it was merged as if it said the present. */
  readonly ahead: boolean
}

/** What a subscription delivers: one object per type, filled again for each message. */
export class TopicEntry extends ReadEntry implements TopicOrigin {
  key = ''
  late = false
  ahead = false

  fill(origin: TopicOrigin): this {
    this.key = origin.key
    this.late = origin.late
    this.ahead = origin.ahead
    return this
  }
}

export function newTopicEntry(type: AnyMessageType | undefined, typeId: number): TopicEntry {
  return new TopicEntry(type, typeId)
}
