import { join } from 'node:path'
import type { BusLayout } from '@chronicle-ts/bus'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { EVERY, type Topic } from './topic.js'

/** One queue of a topic: where it is, and what distinguishes it from the topic's other ones. */
export interface TopicPlace {
  readonly key: string
  readonly directory: string
}

/**
 * The queue of a topic that has one, or the one that `key` names of a topic of every strategy or feed.
 *
 * @throws `ERR_INVALID_ARGUMENT` when a key is missing, or is given for a topic of one queue
 */
export function placeOf(layout: BusLayout, topic: Topic, key: string | undefined): TopicPlace {
  const { kind, place } = topic
  if (place === EVERY && key === undefined)
    throw new InvalidArgumentError({
      argument: 'key',
      value: key,
      expected: `the name of a ${kind === 'feed' ? 'feed' : 'strategy'}, because the topic is of every one`,
    })
  if (place !== EVERY && key !== undefined && key !== place)
    throw new InvalidArgumentError({ argument: 'key', value: key, expected: `${place}, because the topic has one queue` })
  const name = place === EVERY ? (key as string) : place
  switch (kind) {
    case 'feed':
      return { key: name, directory: layout.feed(name).directory }
    case 'orders-out':
      return { key: name, directory: layout.strategy(name).ordersOut }
    case 'orders-in':
      return { key: name, directory: layout.strategy(name).ordersIn }
    case 'queue':
      return { key: name, directory: join(layout.root, name) }
  }
}
