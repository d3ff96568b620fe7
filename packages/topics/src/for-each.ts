/** Takes a step for every item, also when a step throws. The first error is thrown when all are done. */
export function forEach<Item>(items: Iterable<Item>, step: (item: Item) => void): void {
  const errors: unknown[] = []
  for (const item of items) {
    try {
      step(item)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
