export { checkTypes } from './check-types.js'
export { commitBefore } from './reader/commit-before.js'
export { MessageSelector, newReadEntry, type SkipCounts } from './reader/message-selector.js'
export {
  asTypedObserver,
  asTypedReader,
  openTypedObserver,
  openTypedReader,
  openTypedReaderAsync,
  type TypedObserverOptions,
  type TypedReaderOptions,
} from './reader/open-typed-reader.js'
export { type AnySelection, checkSelection, type Selection } from './reader/selection.js'
export { type AwaitedSource, SKIPPING, TypedIterator } from './reader/typed-iterator.js'
export { ReadEntry, type TypedMessage, type TypedMessageOf } from './reader/typed-message.js'
export { TypedReader } from './reader/typed-reader.js'
export { TypedSource } from './reader/typed-source.js'
export { checkTypesAgainstRegistry, type RegistryProblem } from './registry/register-types.js'
export { WhereError } from './where/where-error.js'
export { WhereExpression, type WhereHeader } from './where/where-expression.js'
export { asTypedWriter, openTypedWriter } from './writer/open-typed-writer.js'
export { type InPlaceOf, TypedWriter } from './writer/typed-writer.js'
export type { Synchronous, TypedAppendOptions, TypedAsyncAppendOptions } from './writer/write-options.js'
