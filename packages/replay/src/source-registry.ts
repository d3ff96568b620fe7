import { join } from 'node:path'
import { InvalidArgumentError } from '@chronicle-ts/core'
import { type ListedSource, readSources, SOURCES_FILE, writeSources } from '@chronicle-ts/core/internal'

const FIRST_ID = 1

/**
 * Returns the sources by name, with an id for each. What is new is on the disk when this returns, before the first record that carries the id.
 *
 * @param used ids that the records of the queue carry.
 * @throws {@link InvalidArgumentError} for a file that is not a list of sources, or lacks one of these: which of the inputs it was cannot be known then.
 */
export function registerSources(
  directory: string,
  names: readonly { readonly name: string; readonly queueId: string | undefined }[],
  used: ReadonlyMap<number, unknown>,
): ReadonlyMap<string, ListedSource> {
  const listed = readSources(directory)
  const sources = new Map(listed.map((source) => [source.name, source]))
  // The only input of an output whose list is lost is the one that there was.
  const isOnly = listed.length === 0 && names.length === 1 && used.size === 1 && used.has(FIRST_ID)
  const unlisted = [...used.keys()].filter((id) => !listed.some((source) => source.id === id))
  if (unlisted.length > 0 && !isOnly) throw lostList(directory, unlisted)
  let lastId = Math.max(0, ...[...sources.values()].map(({ id }) => id))
  let isChanged = false
  for (const { name, queueId } of names) {
    const known = sources.get(name)
    if (known !== undefined && (known.queueId !== undefined || queueId === undefined)) continue
    sources.set(name, { id: known?.id ?? ++lastId, name, ...(queueId === undefined ? {} : { queueId }) })
    isChanged = true
  }
  if (isChanged) writeSources(directory, [...sources.values()])
  return sources
}

function lostList(directory: string, ids: readonly number[]): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: join(directory, SOURCES_FILE),
    value: `a list without ${ids.join(', ')}`,
    expected: 'the list of all sources that the messages of the queue were made from',
  })
}
