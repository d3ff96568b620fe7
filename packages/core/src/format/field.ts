/** One field of an on-disk structure. The tables of fields are what the diagrams and the native header are compared with. */
export interface Field {
  /** As the diagrams write it. */
  readonly name: string
  /** Bytes from the start of the structure. */
  readonly offset: number
  /** Bytes. */
  readonly length: number
}

/** Computes the CRC-32 (IEEE 802.3, as zlib does) of the bytes, unsigned. The format folder takes it as an argument and stays free of imports. */
export type Crc32 = (bytes: Uint8Array) => number
