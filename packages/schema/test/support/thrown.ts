/** What a call throws; `undefined` when it returns. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}

/** The code of what a call throws; `undefined` when it returns or throws something without a code. */
export function codeOf(call: () => unknown): string | undefined {
  return (thrownBy(call) as { code?: string } | undefined)?.code
}
