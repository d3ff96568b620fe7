import {
  type AnyMessageType,
  checkAgainstRegistry,
  readSchemas,
  type SchemaError,
  SchemaIncompatibleError,
  type SchemaRegistry,
  saveSchema,
} from '@chronicle-ts/schema'
import { checkTypes } from '../check-types.js'

/** A type that could not be written into the registry. */
export interface RegistryProblem {
  readonly type: string
  readonly error: SchemaError
}

/**
 * Puts types into the registry of a queue, synced, before the first of their messages. All are compared before the first is written. A registry that cannot be
 * written (full disk, missing permission) is a problem, not an error: programs have their types compiled in.
 *
 * @throws `ERR_SCHEMA_INCOMPATIBLE`
 */
export function registerTypes(directory: string, types: readonly AnyMessageType[]): RegistryProblem[] {
  const registry = checkTypesAgainstRegistry(directory, types)
  return types.flatMap((type) => {
    try {
      saveSchema(directory, type, registry)
      return []
    } catch (error) {
      if (error instanceof SchemaIncompatibleError) throw error
      return [{ type: type.name, error: error as SchemaError }]
    }
  })
}

/** Returns what the registry says of these types. @throws `ERR_INVALID_ARGUMENT`, `ERR_SCHEMA_INCOMPATIBLE` when one of them cannot read what the queue holds. */
export function checkTypesAgainstRegistry(directory: string, types: readonly AnyMessageType[]): SchemaRegistry {
  checkTypes(types)
  const registry = readSchemas(
    directory,
    types.map(({ typeId }) => typeId),
  )
  for (const type of types) checkAgainstRegistry(registry, type)
  return registry
}
