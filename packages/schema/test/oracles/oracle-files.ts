import { readFileSync } from 'node:fs'
import { fromSbe, type SbeSchema } from '@chronicle-ts/schema'

function url(name: string): URL {
  return new URL(name, import.meta.url)
}

export function oracleBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(url(name)))
}

export function oracleText(name: string): string {
  return readFileSync(url(name), 'utf8')
}

/** A schema of the oracles with the files that it includes. */
export function oracleSchema(name: string): SbeSchema {
  return fromSbe(oracleText(`sbe/${name}`), { include: (href) => oracleText(`sbe/${href}`) })
}
