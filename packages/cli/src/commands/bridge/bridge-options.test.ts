import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { sinkNameOf, sinkNamesOf } from './bridge-options.js'

describe('the names of sinks', () => {
  it('are the same for the pull that has one and for the push that waits for it', () => {
    for (const name of ['b', 'db.example.com', 'two words', 'über/*>'])
      expect(sinkNamesOf({ sink: [name] })).toEqual([sinkNameOf({ name })])
    expect(sinkNameOf({ name: 'db.example.com' })).toBe('db_example_com')
    expect(sinkNamesOf({ sink: [hostname()] })).toEqual([sinkNameOf({})])
    expect(sinkNamesOf({})).toBeUndefined()
  })
})
