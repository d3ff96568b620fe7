const WIDE_ROW = 32
const ROW = 16
/** Columns that a row of 32 bytes needs. */
const WIDE_WIDTH = 148

/** Offset, hexadecimal bytes in groups of eight, and what is ASCII among them; 16 bytes a row, 32 on wide terminals. */
export function hexdump(bytes: Uint8Array, width?: number): string[] {
  const perRow = width !== undefined && width >= WIDE_WIDTH ? WIDE_ROW : ROW
  const rows: string[] = []
  for (let at = 0; at < bytes.length; at += perRow) rows.push(hexdumpRow(bytes.subarray(at, at + perRow), at, perRow))
  return rows
}

function hexdumpRow(bytes: Uint8Array, at: number, perRow: number): string {
  let hex = ''
  let ascii = ''
  for (let index = 0; index < perRow; index += 1) {
    if (index > 0 && index % 8 === 0) hex += ' '
    const byte = bytes[index]
    hex += byte === undefined ? '   ' : `${byte.toString(16).padStart(2, '0')} `
    if (byte !== undefined) ascii += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
  }
  return `  ${at.toString(16).padStart(6, '0')}  ${hex} |${ascii}|`
}
