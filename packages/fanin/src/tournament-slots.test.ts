import { expect, it } from 'vitest'
import { Tournament } from './tournament.js'

it('refuses a slot for which there is no room, in which a source would fall silent', () => {
  const tournament = new Tournament()
  tournament.reserve(16)
  tournament.enter(15, 1, 1)
  expect(tournament.winner).toBe(15)
  for (const slot of [-1, 16]) expect(() => tournament.enter(slot, 1, 1)).toThrow('Broken invariant')
  expect(tournament.winner).toBe(15)
})
