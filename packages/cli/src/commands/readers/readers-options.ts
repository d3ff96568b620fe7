/** Where a reader is to go on. */
export type ReaderPlace = 'earliest' | 'latest' | { readonly sequence: number } | { readonly timestampNs: bigint }

export interface ReadersOptions {
  readonly to?: ReaderPlace
  readonly yes?: boolean
}
