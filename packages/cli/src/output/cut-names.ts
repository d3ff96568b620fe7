import { cutText } from './text-width.js'

/**
 * Cuts names that are too wide in the middle. Names that would look alike then keep their ends instead, or their beginnings when the ends are the same, or else what follows from the first difference on. A list
 * in which two queues have one name is of no use.
 */
export function cutNames(names: readonly string[], width: number): readonly string[] {
  const cut = names.map((name) => cutText(name, width, 'middle'))
  const alike = namesByCut(names, cut)
  return names.map((name, index) => {
    const shown = cut[index] ?? ''
    const others = alike.get(shown) ?? []
    if (others.length < 2) return shown
    return distinctCut(name, others, width) ?? shown
  })
}

function namesByCut(names: readonly string[], cut: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  names.forEach((name, index) => {
    const shown = cut[index] ?? ''
    const group = found.get(shown)
    if (group === undefined) found.set(shown, [name])
    else if (!group.includes(name)) group.push(name)
  })
  return found
}

function distinctCut(name: string, alike: readonly string[], width: number): string | undefined {
  for (const where of ['start', 'end'] as const) {
    const cuts = alike.map((one) => cutText(one, width, where))
    if (new Set(cuts).size === alike.length) return cutText(name, width, where)
  }
  const from = firstDifference(alike)
  const cutAround = (one: string) => cutText(`…${[...one].slice(from).join('')}`, width, 'end')
  return new Set(alike.map(cutAround)).size === alike.length ? cutAround(name) : undefined
}

/** How many characters all names have in common at their beginning. */
function firstDifference([first = '', ...others]: readonly string[]): number {
  const characters = [...first]
  const rests = others.map((other) => [...other])
  const at = characters.findIndex((character, index) => rests.some((rest) => rest[index] !== character))
  return at < 0 ? characters.length : at
}
