import {
  type AnyMessageType,
  checkAgainstRegistry,
  readSchemas,
  type SchemaError,
  SchemaIncompatibleError,
  saveSchema,
} from '@chronicle-ts/schema'

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
  checkTypesAgainstRegistry(directory, types)
  return types.flatMap((type) => {
    try {
      saveSchema(directory, type)
      return []
    } catch (error) {
      if (error instanceof SchemaIncompatibleError) throw error
      return [{ type: type.name, error: error as SchemaError }]
    }
  })
}

/** @throws `ERR_SCHEMA_INCOMPATIBLE` when a type cannot read what the registry says that the queue holds. */
export function checkTypesAgainstRegistry(directory: string, types: readonly AnyMessageType[]): void {
  const registry = readSchemas(directory)
  for (const type of types) checkAgainstRegistry(registry, type)
}
