import { expect } from 'vitest'

/** Matches an error with this code and these facts. */
export const code = (name: string, facts: object = {}): unknown => expect.objectContaining({ code: name, ...facts })

/** Looks until it is so; the test's own limit ends what never is. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
