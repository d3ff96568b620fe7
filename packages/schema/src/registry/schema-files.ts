import { join } from 'node:path'
import { checkMembers } from '../errors/check-options.js'
import { InvalidArgumentError, SchemaIncompatibleError } from '../errors/index.js'
import {
  checkAgainstRegistry,
  createFile,
  listFolder,
  type RegisteredType,
  readSchemas,
  readText,
  saveSchema,
  schemaFolderOf,
  wantedTypes,
} from './schema-directory.js'
import { foreignEncodingOf, MAX_SCHEMA_LENGTH, parseSchema, parseSchemaFileName, schemaFileName } from './schema-file.js'

/** A file of a registry as it is, byte for byte: for copies of a queue, which hold the same types. */
export interface SchemaFile {
  /** Such as `1.2.json`. */
  readonly name: string
  readonly text: string
}

/**
 * Returns the whole files of a queue's registry, by type and version; also those in an encoding that is unknown here. A damaged or unreadable file is left out.
 *
 * @param typeIds reads the files of these types only
 */
export function readSchemaFiles(queueDirectory: string, typeIds?: Iterable<number>): SchemaFile[] {
  const wanted = wantedTypes(typeIds)
  const folder = schemaFolderOf(queueDirectory)
  const names = listFolder(folder, []).flatMap((name) => {
    const named = parseSchemaFileName(name)
    return named === undefined || wanted?.has(named.typeId) === false ? [] : { name, ...named }
  })
  names.sort((a, b) => a.typeId - b.typeId || a.version - b.version)
  return names.flatMap(({ name }) => {
    try {
      const file = { name, text: readText(join(folder, name)) }
      return isWholeSchemaFile(file) ? file : []
    } catch {
      return []
    }
  })
}

/** Returns whether the text is that of the type and version in the name. */
export function isWholeSchemaFile(file: SchemaFile): boolean {
  checkSchemaFileForm(file)
  const { name, text } = file
  if (parseSchemaFileName(name) === undefined || text.length > MAX_SCHEMA_LENGTH) return false
  if (foreignEncodingOf(text) !== undefined) return true
  try {
    return schemaFileName(parseSchema(text)) === name
  } catch {
    return false
  }
}

/**
 * Puts a file into the registry of a queue, in the place of one of the same name. It appears whole and synced, by rename. Nothing is compared: for a copy of a queue, whose types are those of the original.
 *
 * @throws `ERR_IO`, `ERR_INVALID_ARGUMENT` for a name that no file of a registry has
 */
export function replaceSchemaFile(queueDirectory: string, file: SchemaFile): void {
  checkSchemaFileForm(file)
  const { name, text } = file
  if (parseSchemaFileName(name) === undefined)
    throw new InvalidArgumentError({ argument: 'schema file', value: name, expected: 'a name such as 1.2.json' })
  const path = join(schemaFolderOf(queueDirectory), name)
  createFile(queueDirectory, path, { text, isDamaged: true })
}

/**
 * Adds a file of another queue to the registry of a queue, beside what that has.
 *
 * @returns whether a file was written; false when the registry holds the same
 * @throws `ERR_SCHEMA_INCOMPATIBLE` when the registry holds another definition, `ERR_IO`, `ERR_INVALID_ARGUMENT` for a file that is not whole
 */
export function addSchemaFile(queueDirectory: string, file: SchemaFile): boolean {
  const type = checkSchemaFile(queueDirectory, file)
  if (type !== undefined) return saveSchema(queueDirectory, type)
  const present = readSchemaFiles(queueDirectory).find(({ name }) => name === file.name)
  if (present === undefined) replaceSchemaFile(queueDirectory, file)
  return present === undefined
}

/** Throws what {@link addSchemaFile} would throw of the definitions. Nothing is changed. @returns the type; `undefined` for one in an unknown encoding */
export function checkSchemaFile(queueDirectory: string, file: SchemaFile): RegisteredType | undefined {
  const isWhole = isWholeSchemaFile(file)
  const { name, text } = file
  if (!isWhole)
    throw new InvalidArgumentError({ argument: 'schema file', value: name, expected: 'a schema of this type and version' })
  if (foreignEncodingOf(text) === undefined) {
    const schema = parseSchema(text)
    const type = { ...schema, description: schema }
    checkAgainstRegistry(readSchemas(queueDirectory, [schema.typeId]), type)
    return type
  }
  const { typeId = 0 } = parseSchemaFileName(name) ?? {}
  const present = readSchemaFiles(queueDirectory, [typeId]).find((other) => other.name === name)
  if (present !== undefined && present.text !== text)
    throw new SchemaIncompatibleError({
      type: name,
      typeId,
      differences: ['both are there, and one of them in an unknown encoding'],
    })
  return undefined
}

/** @throws {@link InvalidArgumentError} */
function checkSchemaFileForm(file: SchemaFile): void {
  checkMembers('schema file', file, ['name', 'text'], 'an object with name and text')
  if (typeof file.name !== 'string' || typeof file.text !== 'string')
    throw new InvalidArgumentError({ argument: 'schema file', value: file, expected: 'a name and a text' })
}
