import { isBusName } from '@chronicle-ts/bus'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { checkObject } from '@chronicle-ts/core/internal'
import { type AnyMessageType, checkCompatible } from '@chronicle-ts/schema'
import { checkTypes } from '@chronicle-ts/typed'

/** Stands for every strategy, or every feed. */
export const EVERY = '*'

const KINDS: ReadonlySet<string> = new Set<Topic['kind']>(['feed', 'orders-out', 'orders-in', 'queue'])

/** What a program calls a topic: where its queues are, and which types its messages have. Made by {@link feed}, {@link ordersOut}, {@link ordersIn} or {@link queue}. */
export interface Topic<Types extends readonly AnyMessageType[] = readonly AnyMessageType[]> {
  readonly kind: 'feed' | 'orders-out' | 'orders-in' | 'queue'
  /** Name of the feed or strategy, `*` for every one, or the path of the queue below the bus's root. */
  readonly place: string
  readonly types: Types
}

/** A market-data feed of the bus's layout: one publisher, any number of subscribers; `*` for every feed: its subscriber merges them and follows them as they come and go. */
export function feed<const Types extends readonly AnyMessageType[]>(name: string, types: Types): Topic<Types> {
  if (name !== EVERY) checkName('feed', name)
  checkTypes(types)
  return { kind: 'feed', place: name, types }
}

/** What a strategy sends to its router; `*` for what all strategies send: its subscriber merges them and follows them as they come and go. */
export function ordersOut<const Types extends readonly AnyMessageType[]>(strategy: string, types: Types): Topic<Types> {
  if (strategy !== EVERY) checkName('strategy', strategy)
  checkTypes(types)
  return { kind: 'orders-out', place: strategy, types }
}

/** What the router answers a strategy; `*` leaves the strategy to the `key` of the publisher. A subscriber of `*` names one with `source`, or reads the answers to all. */
export function ordersIn<const Types extends readonly AnyMessageType[]>(strategy: string, types: Types): Topic<Types> {
  if (strategy !== EVERY) checkName('strategy', strategy)
  checkTypes(types)
  return { kind: 'orders-in', place: strategy, types }
}

/** A queue anywhere below the bus's root, for everything that is neither a feed nor an order. */
export function queue<const Types extends readonly AnyMessageType[]>(path: string, types: Types): Topic<Types> {
  const isPath = typeof path === 'string' && path.split('/').every((part) => isBusName(part))
  if (!isPath)
    throw new InvalidArgumentError({
      argument: 'path',
      value: path,
      expected: 'names of letters, digits, dots, underscores and hyphens, with / between them',
    })
  checkTypes(types)
  return { kind: 'queue', place: path, types }
}

/** Topics by the names that a program gives them. */
export type Topics = Readonly<Record<string, Topic>>

/**
 * Defines the topics of a system once, for all of its programs.
 *
 * @throws `ERR_SCHEMA_INCOMPATIBLE` when two topics say different things of one type in one queue, `ERR_INVALID_ARGUMENT`
 * @example
 * ```ts
 * export const topics = defineTopics({
 *   quotes: feed('binance', [Quote, Depth]),
 *   orders: ordersOut('*', [NewOrder, Cancel]),
 *   audit: queue('audit/trail', [Entry]),
 * })
 * ```
 */
export function defineTopics<const T extends Topics>(topics: T): T {
  checkTopics(topics)
  return Object.freeze({ ...topics })
}

/** Checks the topics of a bus, which plain JavaScript may pass without {@link defineTopics}. @throws as that. */
export function checkTopics(topics: Topics): void {
  checkObject(topics, 'topics')
  const byQueue = new Map<string, Map<number, AnyMessageType>>()
  for (const [name, topic] of Object.entries(topics)) {
    if (!isTopic(topic) || !KINDS.has(topic.kind))
      throw new InvalidArgumentError({ argument: name, value: topic, expected: 'a topic, as feed() makes one' })
    const path = `${topic.kind}/${topic.place}`
    const known = byQueue.get(path) ?? new Map<number, AnyMessageType>()
    byQueue.set(path, known)
    checkTypes(topic.types)
    for (const type of topic.types) {
      const other = known.get(type.typeId)
      if (other !== undefined) checkCompatible(other.description, type.description)
      known.set(type.typeId, type)
    }
  }
}

function isTopic(topic: unknown): topic is Topic {
  return typeof topic === 'object' && topic !== null && 'kind' in topic && 'place' in topic && 'types' in topic
}

/** @throws `ERR_INVALID_ARGUMENT` for a name that no feed, strategy or reader can have */
export function checkName(argument: string, name: unknown): void {
  if (isBusName(name)) return
  const expected = '1 to 128 letters, digits, dots, underscores and hyphens, with no dot in front'
  throw new InvalidArgumentError({ argument, value: name, expected })
}
