import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { checkMembers } from '../errors/check-options.js'
import { InvalidArgumentError, isSchemaError, type SchemaError, SchemaIncompatibleError, SchemaIoError } from '../errors/index.js'
import { checkCompatible } from '../layout/compatibility.js'
import type { AnyMessageType } from '../message/message-type.js'
import { nodeCrypto } from '../node-crypto.js'
import type { SchemaDescription } from '../spec/field-spec.js'
import {
  encodeSchema,
  foreignEncodingOf,
  MAX_SCHEMA_LENGTH,
  parseSchema,
  parseSchemaFileName,
  schemaFileName,
} from './schema-file.js'

/** A file that appears and cannot be read is not waited for. */
const SAVE_ATTEMPTS_MAX = 3

/** What file systems say that have no hard links. */
const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Folder of the registry inside of a queue's directory. */
export const SCHEMA_FOLDER = 'schemas'

/** The registry of a queue, as far as it can be read. */
export interface SchemaRegistry {
  /** By typeId, then version. */
  readonly schemas: readonly SchemaDescription[]
  /** Files that cannot be used. They hide nothing else: a program that has its types compiled in goes on without them. */
  readonly problems: readonly { readonly path: string; readonly error: SchemaError }[]
  /** Types whose encoding this version of the package does not know. Their files are not damaged; their messages cannot be decoded. */
  readonly foreign: readonly ForeignSchema[]
}

/** A registered type in an unknown encoding. */
export interface ForeignSchema {
  readonly typeId: number
  readonly version: number
  readonly encoding: string
}

/**
 * Reads the registry of a queue. Throws for no content: a registry that is missing is empty, and what is damaged is a problem.
 *
 * @param typeIds reads the files of these types only
 */
export function readSchemas(queueDirectory: string, typeIds?: Iterable<number>): SchemaRegistry {
  const wanted = wantedTypes(typeIds)
  const folder = schemaFolderOf(queueDirectory)
  const schemas: SchemaDescription[] = []
  const problems: { path: string; error: SchemaError }[] = []
  const foreign: ForeignSchema[] = []
  for (const name of listFolder(folder, problems)) {
    const path = join(folder, name)
    const named = parseSchemaFileName(name)
    if (named === undefined || wanted?.has(named.typeId) === false) continue
    try {
      const text = readText(path)
      const encoding = foreignEncodingOf(text)
      if (encoding !== undefined) {
        foreign.push({ ...named, encoding })
        continue
      }
      const schema = parseSchema(text)
      if (schemaFileName(schema) !== name)
        throw new InvalidArgumentError({ argument: 'schema file', value: name, expected: `the name ${schemaFileName(schema)}` })
      schemas.push(schema)
    } catch (error) {
      problems.push({ path, error: asSchemaError(error, path) })
    }
  }
  schemas.sort((a, b) => a.typeId - b.typeId || a.version - b.version)
  return { schemas, problems, foreign }
}

/** What the registry takes of a type: a message type has it, and so has what {@link readSchemas} returned of another queue, as `{ ...schema, description: schema }`. */
export type RegisteredType = Pick<AnyMessageType, 'name' | 'typeId' | 'version' | 'description'>

/** Throws `ERR_SCHEMA_INCOMPATIBLE` when a type cannot live beside a definition that the registry holds. Nothing is changed. */
export function checkAgainstRegistry(registry: SchemaRegistry, type: RegisteredType): void {
  checkMembers('registry', registry, ['schemas', 'problems', 'foreign'], 'what readSchemas returned')
  checkRegisteredType(type)
  const foreign = registry.foreign.find(({ typeId }) => typeId === type.typeId)
  if (foreign !== undefined) {
    const difference = `encoding is ${foreign.encoding} in version ${foreign.version}, which is unknown here`
    throw new SchemaIncompatibleError({ type: type.name, typeId: type.typeId, differences: [difference] })
  }
  for (const schema of registry.schemas) if (schema.typeId === type.typeId) checkCompatible(schema, type.description)
}

/**
 * Puts a type into the registry of a queue, before its first record is appended. The file appears whole and synced, by rename. One that
 * is there already for this type and version is kept when it is equal or cannot be read, and replaced when it is damaged. Of two processes that add different definitions at once, one gets the error.
 *
 * @param registry what was read of this queue before, with the files of this type
 * @returns whether a file was written
 * @throws `ERR_SCHEMA_INCOMPATIBLE` when the registry holds another definition, `ERR_IO` also when the file of this type and version cannot be read
 */
export function saveSchema(queueDirectory: string, type: RegisteredType, registry?: SchemaRegistry): boolean {
  checkRegisteredType(type)
  const path = join(schemaFolderOf(queueDirectory), schemaFileName(type))
  let known = registry === undefined ? readSchemas(queueDirectory, [type.typeId]) : registry
  for (let attempts = 0; attempts < SAVE_ATTEMPTS_MAX; attempts++) {
    checkAgainstRegistry(known, type)
    if (known.schemas.some(({ typeId, version }) => typeId === type.typeId && version === type.version)) return false
    const problem = known.problems.find((one) => one.path === path)
    if (problem !== undefined && !isDamage(problem.error)) throw problem.error
    const isDamaged = problem !== undefined
    if (createFile(queueDirectory, path, { text: encodeSchema(type.description), isDamaged })) {
      keepIfCompatible(queueDirectory, type, path)
      return true
    }
    // Another process has written it since.
    known = readSchemas(queueDirectory, [type.typeId])
  }
  throw new SchemaIoError({ path, errnoName: 'EEXIST' })
}

/** Whether the file says nothing: its content is damaged, or it is a link. One that this process may not read, or that the disk does not give now, is not known to be damaged. */
function isDamage(error: SchemaError): boolean {
  return !(error instanceof SchemaIoError) || error.errnoName === 'ELOOP'
}

/** Another process may have added another version meanwhile, in a file of another name. */
function keepIfCompatible(queueDirectory: string, type: RegisteredType, path: string): void {
  try {
    checkAgainstRegistry(readSchemas(queueDirectory, [type.typeId]), type)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  }
}

export function createFile(
  queueDirectory: string,
  path: string,
  file: { readonly text: string; readonly isDamaged: boolean },
): boolean {
  try {
    createFolder(queueDirectory, dirname(path))
    return writeWhole(queueDirectory, path, file)
  } catch (error) {
    throw asSchemaError(error, path)
  }
}

function createFolder(queueDirectory: string, folder: string): void {
  if (makeIfMissing(folder)) {
    if (isRoot()) giveToOwner(queueDirectory, (owner) => lchownSync(folder, owner.uid, owner.gid))
    syncFolder(queueDirectory)
  }
  // A link would lead out of the queue.
  if (!lstatSync(folder).isDirectory()) throw new SchemaIoError({ path: folder, errnoName: 'ENOTDIR' })
}

/** In a queue that is missing it makes nothing. */
function makeIfMissing(folder: string): boolean {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** What root adds to a queue belongs to the queue's owner, which could not replace it otherwise. */
function giveToOwner(queueDirectory: string, give: (owner: { readonly uid: number; readonly gid: number }) => void): void {
  const { uid, gid } = statSync(queueDirectory)
  give({ uid, gid })
}

/**
 * Makes the file appear whole. The temporary file is created under a name of its own: it meets neither another writer's nor a link.
 *
 * @returns false when a file has the name that was not there, or was not damaged, when the registry was read
 */
function writeWhole(
  queueDirectory: string,
  path: string,
  { text, isDamaged }: { readonly text: string; readonly isDamaged: boolean },
): boolean {
  const temporary = `${path}.${nodeCrypto().randomUUID()}.tmp`
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const descriptor = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644)
  try {
    try {
      writeFileSync(descriptor, text)
      if (isRoot()) giveToOwner(queueDirectory, ({ uid, gid }) => fchownSync(descriptor, uid, gid))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    if (isDamaged) renameSync(temporary, path)
    else if (!renameIfFree(temporary, path)) return false
  } finally {
    rmSync(temporary, { force: true })
  }
  syncFolder(join(queueDirectory, SCHEMA_FOLDER))
  return true
}

/** A rename would replace what another process has written since the registry was read; a link does not. */
function renameIfFree(temporary: string, path: string): boolean {
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (code !== undefined && !WITHOUT_LINKS.has(code)) throw error
    renameSync(temporary, path)
    return true
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function listFolder(folder: string, problems: { path: string; error: SchemaError }[]): string[] {
  try {
    assertNoLink(folder)
    return readdirSync(folder).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') problems.push({ path: folder, error: asSchemaError(error, folder) })
    return []
  }
}

/** A link would lead out of the queue: its files would be those of another one. */
function assertNoLink(folder: string): void {
  if (lstatSync(folder).isSymbolicLink()) throw new SchemaIoError({ path: folder, errnoName: 'ELOOP' })
}

/** Opens without following a link and without waiting for a pipe's writer. */
export function readText(path: string): string {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const { size } = fstatSync(descriptor)
    // In UTF-8 a character has at most so many bytes.
    if (size > MAX_SCHEMA_LENGTH * 4)
      throw new InvalidArgumentError({
        argument: 'schema file',
        value: size,
        expected: `at most ${MAX_SCHEMA_LENGTH} characters`,
      })
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function asSchemaError(error: unknown, path: string): SchemaError {
  if (isSchemaError(error)) return error
  const { code = 'UNKNOWN', syscall } = error as NodeJS.ErrnoException
  return new SchemaIoError({ path, syscall, errnoName: code }, { cause: error })
}

/** @throws {@link InvalidArgumentError} */
export function schemaFolderOf(queueDirectory: unknown): string {
  if (typeof queueDirectory !== 'string' || queueDirectory === '' || queueDirectory.includes('\0'))
    throw new InvalidArgumentError({ argument: 'queueDirectory', value: queueDirectory, expected: 'the path of a directory' })
  return join(queueDirectory, SCHEMA_FOLDER)
}

/** Returns the types whose files are asked for; `undefined` for all. @throws {@link InvalidArgumentError} */
export function wantedTypes(typeIds: unknown): ReadonlySet<unknown> | undefined {
  if (typeIds === undefined) return undefined
  if (typeof typeIds === 'object' && typeIds !== null && Symbol.iterator in typeIds) return new Set(typeIds as Iterable<unknown>)
  throw new InvalidArgumentError({ argument: 'typeIds', value: typeIds, expected: 'an array of typeIds, or another iterable' })
}

function checkRegisteredType(type: unknown): void {
  checkMembers('type', type, ['name', 'typeId', 'version', 'description'], 'a message type')
}
