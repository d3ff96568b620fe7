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
  | { readonly kind: 'decoded'; readonly type: string; readonly version: number; readonly body: unknown; fields(): unknown }
  | { readonly kind: 'bad'; readonly type: string; readonly version: number; readonly detail: string }

/** Told once per thing that is wrong with a registry. */
export type OnRegistryProblem = (problem: { readonly path: string; readonly detail: string }) => void

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
  readonly #told = new Set<string>()
  #schemas: readonly SchemaDescription[] = []
  #types = new Map<number, DecodedType>()
  /** Messages that are not of the type that their record names. */
  badCount = 0
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(directory: string, onProblem: OnRegistryProblem) {
    this.#directory = directory
    this.#onProblem = onProblem
  }

  /** The newest version of every type, by typeId. */
  get schemas(): readonly SchemaDescription[] {
    if (this.#lookedMs === Number.NEGATIVE_INFINITY) this.#look()
    return this.#schemas
  }

  /** Returns `undefined` for a message of a type that the registry does not hold. */
  decode(record: ColdRecord): DecodedRecord | undefined {
    const found = this.#typeOf(record.typeId)
    if (found === undefined) return undefined
    const { payload, schemaVersion: version } = record
    const type = found.type.name
    try {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
      const body = found.reader.wrap(view, 0, payload.length, version)
      return { kind: 'decoded', type, version, body, fields: () => toJsonSafe(found.reader.value()) }
    } catch (error) {
      if (!isSchemaError(error)) throw error
      this.badCount++
      return { kind: 'bad', type, version, detail: error.message }
    }
  }

  #typeOf(typeId: number): DecodedType | undefined {
    const found = this.#types.get(typeId)
    if (found !== undefined || performance.now() - this.#lookedMs < LOOK_PAUSE_MS) return found
    this.#look()
    return this.#types.get(typeId)
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

/** A later definition reads what an earlier one wrote. */
function newestOf(schemas: readonly SchemaDescription[]): SchemaDescription[] {
  const newest = new Map<number, SchemaDescription>()
  for (const schema of schemas)
    if ((newest.get(schema.typeId)?.version ?? -1) <= schema.version) newest.set(schema.typeId, schema)
  return [...newest.values()]
}
