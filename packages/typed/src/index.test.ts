import { expect, it } from 'vitest'
import * as typed from './index.js'

it('exports exactly these values', () => {
  expect(Object.keys(typed).sort()).toEqual([
    'MessageSelector',
    'ReadEntry',
    'SKIPPING',
    'TypedIterator',
    'TypedReader',
    'TypedSource',
    'TypedWriter',
    'WhereError',
    'WhereExpression',
    'asTypedObserver',
    'asTypedReader',
    'asTypedWriter',
    'checkSelection',
    'checkTypes',
    'checkTypesAgainstRegistry',
    'commitBefore',
    'newReadEntry',
    'openTypedObserver',
    'openTypedReader',
    'openTypedReaderAsync',
    'openTypedWriter',
  ])
})
