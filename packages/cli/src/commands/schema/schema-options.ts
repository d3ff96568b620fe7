export interface SchemaOptions {
  readonly sbe?: boolean
  readonly package?: string
}
