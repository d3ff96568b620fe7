import type { BusLayout } from '@chronicle-ts/bus'
import { EVERY, type Topic } from '../topic.js'
import { placeOf } from '../topic-place.js'
import { FolderSources } from './folder-sources.js'
import { SingleSource } from './single-source.js'
import { StrategySources } from './strategy-sources.js'
import type { SourceOptions, TopicSources } from './topic-sources.js'

/** The sources of a topic: one queue that may come, go and be replaced, or those of all strategies or feeds. */
export function openSources(layout: BusLayout, topic: Topic, options: SourceOptions): TopicSources {
  if (topic.place === EVERY && options.key === undefined) {
    if (topic.kind === 'orders-out') return new StrategySources(layout, options)
    const names = topic.kind === 'feed' ? () => layout.feeds() : () => layout.strategies()
    return new FolderSources({ names, directoryOf: (key) => placeOf(layout, topic, key).directory }, options)
  }
  const { key, directory } = placeOf(layout, topic, options.key)
  return new SingleSource({ key, directory }, options)
}
