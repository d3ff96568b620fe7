/** Version of every JSON shape that `chron-cli` prints. Fields are only added under one version; a change of meaning raises it. */
export const SCHEMA_VERSION = 1

/**
 * One line of JSON. 64-bit values (`bigint`: times, heartbeats) become strings of digits, because a JSON number would round them; bytes become hexadecimal;
 * `undefined` fields are left out.
 */
export function toJsonLine(value: unknown): string {
  return JSON.stringify(value, exactly)
}

/** The single object that a command prints with `--json`. */
export function toJsonReport(command: string, fields: object): string {
  return JSON.stringify({ schemaVersion: SCHEMA_VERSION, command, ...fields }, exactly, 2)
}

function exactly(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
