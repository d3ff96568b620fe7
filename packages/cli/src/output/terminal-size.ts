/** Columns of a terminal; a serial line, or a container's, that does not know its size says 0. */
export function columnsOf({ columns }: { readonly columns?: number }): number {
  return columns || 80
}

/** Rows of a terminal, the same way. */
export function rowsOf({ rows }: { readonly rows?: number }): number {
  return rows || 24
}
