import { expect, it } from 'vitest'
import { renderReadGaps } from './read-gaps.js'

it('says that retention deleted segments, which is not damage', () => {
  expect(renderReadGaps({ problems: 0, retiredSegments: 0 })).toEqual([])
  expect(renderReadGaps({ problems: 0, retiredSegments: 2 })).toEqual([
    '2 segments deleted by retention before the command got there',
  ])
  expect(renderReadGaps({ problems: 1, retiredSegments: 1 })).toEqual([
    '1 place damaged; verify shows more',
    '1 segment deleted by retention before the command got there',
  ])
})
