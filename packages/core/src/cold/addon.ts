import * as native from '@chronicle-ts/native'

/** The addon's functions that cold reading can use when they are there, and does without when they are not. */
export type OptionalAddon = Pick<native.Binding, 'crc32' | 'tryLock' | 'unlock' | 'createVerifier'>

let looked = false
let found: OptionalAddon | undefined

/** The addon, or `undefined` where it does not load: another platform, a checkout that was never built. */
export function optionalAddon(): OptionalAddon | undefined {
  if (!looked) {
    looked = true
    found = load()
  }
  return found
}

function load(): OptionalAddon | undefined {
  try {
    const { binding } = native as { binding?: OptionalAddon }
    binding?.crc32(new Uint8Array(1))
    return binding
  } catch {
    return undefined
  }
}
