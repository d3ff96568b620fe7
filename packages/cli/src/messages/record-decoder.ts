import type { ColdRecord } from '@chronicle-ts/inspect'
import {
  type AnyMessageType,
  isSchemaError,
  type MessageReader,
  messageFromDescription,
  readSchemas,
  type SchemaDescription,
  toJsonSafe,
} from '@chronicle-ts/schema'

/** A message as the queue's registry reads it. */
export type DecodedRecord =
  | { readonly kind: 'decoded'; readonly type: string; readonly version: number; readonly fields: unknown }
  | { readonly kind: 'bad'; readonly type: string; readonly version: number; readonly detail: string }

/** Called once per thing that is wrong with a registry. */
export type OnRegistryProblem = (problem: { readonly path: string; readonly detail: string }) => void

/** Called with the first message of each type that no condition could be asked of, because its bytes are not of its type. */
export type OnLeftOut = (message: { readonly type: string; readonly sequence: number; readonly detail: string }) => void

/** Pause between two looks at the registry for types that it does not hold yet. */
const LOOK_PAUSE_MS = 500

interface DecodedType {
  readonly type: AnyMessageType
  readonly reader: MessageReader
}

/** Decodes the messages of a queue with the types that its registry holds, which is read when it is needed first. What the registry does not know stays bytes. */
export class RecordDecoder {
  readonly #directory: string
  readonly #onProblem: OnRegistryProblem
  readonly #onLeftOut: OnLeftOut
  /** Types of which {@link OnLeftOut} was called. */
  readonly #leftOut = new Set<number>()
  readonly #told = new Set<string>()
  #schemas: readonly SchemaDescription[] = []
  #types = new Map<number, DecodedType>()
  /** Messages that are not of the type that their record names. */
  badCount = 0
  #lookedMs = Number.NEGATIVE_INFINITY
  /** By typeId: the newest version that was looked for. */
  readonly #lookedFor = new Map<number, number>()

  constructor(directory: string, onProblem: OnRegistryProblem, onLeftOut: OnLeftOut = () => undefined) {
    this.#directory = directory
    this.#onProblem = onProblem
    this.#onLeftOut = onLeftOut
  }

  /** The newest version of every type, by typeId. */
  get schemas(): readonly SchemaDescription[] {
    if (this.#lookedMs === Number.NEGATIVE_INFINITY) this.#look()
    return this.#schemas
  }

  /** Returns `undefined` for a message of a type that the registry does not hold. All fields are read: a message is bad by any of them. */
  decode(record: ColdRecord): DecodedRecord | undefined {
    const found = this.#typeOf(record)
    if (found === undefined) return undefined
    const { schemaVersion: version } = record
    const type = found.type.name
    try {
      bodyOf(found, record)
      return { kind: 'decoded', type, version, fields: toJsonSafe(found.reader.value()) }
    } catch (error) {
      return { kind: 'bad', type, version, detail: this.#count(error) }
    }
  }

  /**
   * Calls back with the fields in place, of which only those that are asked for are read.
   *
   * @returns false for a message of a type that the registry does not hold, and for one that is bad by what was read
   */
  judge(record: ColdRecord, judge: (body: unknown, type: string) => boolean): boolean {
    const found = this.#typeOf(record)
    if (found === undefined) return false
    try {
      return judge(bodyOf(found, record), found.type.name)
    } catch (error) {
      this.#leaveOut(record, found.type.name, this.#count(error))
      return false
    }
  }

  /** Counts a bad message, and returns what is wrong with it. @throws what is not an error of the message */
  #count(error: unknown): string {
    if (!isSchemaError(error)) throw error
    this.badCount++
    return error.message
  }

  /** A message that is not shown would be the silent reason of an exit code. */
  #leaveOut({ typeId, sequence }: ColdRecord, type: string, detail: string): void {
    if (this.#leftOut.has(typeId)) return
    this.#leftOut.add(typeId)
    this.#onLeftOut({ type, sequence, detail })
  }

  #typeOf({ typeId, schemaVersion }: ColdRecord): DecodedType | undefined {
    const found = this.#types.get(typeId)
    const isMissing = found === undefined && performance.now() - this.#lookedMs >= LOOK_PAUSE_MS
    if (!isMissing && !this.#isNewer(found, schemaVersion)) return found
    this.#look()
    return this.#types.get(typeId)
  }

  /** Whether a message says a version that was not looked for before: a version is registered before its first message. */
  #isNewer(found: DecodedType | undefined, version: number): boolean {
    if (found === undefined || version <= found.type.version || version <= (this.#lookedFor.get(found.type.typeId) ?? 0))
      return false
    this.#lookedFor.set(found.type.typeId, version)
    return true
  }

  #look(): void {
    const { schemas, problems, foreign } = readSchemas(this.#directory)
    this.#schemas = newestOf(schemas)
    for (const { path, error } of problems) this.#tell(path, error.message)
    for (const { typeId, encoding } of foreign) this.#tell(`type ${typeId}`, `the encoding ${encoding} is unknown`)
    this.#types = new Map(this.#schemas.flatMap((schema) => this.#compile(schema)))
    this.#lookedMs = performance.now()
  }

  /** The package of an optional codec may be missing; the messages of that type stay bytes. */
  #compile(schema: SchemaDescription): [number, DecodedType][] {
    try {
      const type = messageFromDescription(schema)
      return [[schema.typeId, { type, reader: type.reader() }]]
    } catch (error) {
      this.#tell(`type ${schema.typeId} ${schema.name}`, error instanceof Error ? error.message : String(error))
      return []
    }
  }

  #tell(path: string, detail: string): void {
    if (this.#told.has(`${path} ${detail}`)) return
    this.#told.add(`${path} ${detail}`)
    this.#onProblem({ path, detail })
  }
}

function bodyOf({ reader }: DecodedType, { payload, schemaVersion }: ColdRecord): unknown {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  return reader.wrap(view, 0, payload.length, schemaVersion)
}

/** A later definition reads what an earlier one wrote. */
function newestOf(schemas: readonly SchemaDescription[]): SchemaDescription[] {
  const newest = new Map<number, SchemaDescription>()
  for (const schema of schemas)
    if ((newest.get(schema.typeId)?.version ?? -1) <= schema.version) newest.set(schema.typeId, schema)
  return [...newest.values()]
}
