/**
 * Looks a step of a path up in what a message holds: fields of bodies and of plain values, items of lists, elements of arrays. What is not there is `undefined`.
 * Only fields are found, never a method or what all objects inherit.
 */
export function lookUp(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (typeof step === 'number') return elementAt(value, step)
  if (Object.hasOwn(value, step)) return step.startsWith('~') ? undefined : notFunction((value as Record<string, unknown>)[step])
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return undefined
  const getter = Object.getOwnPropertyDescriptor(prototype, step)?.get
  if (getter !== undefined) return notFunction(getter.call(value))
  // Typed arrays inherit it. A field that is called so was found before.
  return step === 'length' ? lengthOf(value) : undefined
}

function elementAt(value: object, index: number): unknown {
  const length = lengthOf(value)
  if (typeof length !== 'number' || index >= length) return undefined
  const at: unknown = (value as { at?: unknown }).at
  return typeof at === 'function' ? notFunction(at.call(value, index)) : undefined
}

function lengthOf(value: object): unknown {
  const { length } = value as { length?: unknown }
  return typeof length === 'number' ? length : undefined
}

function notFunction(value: unknown): unknown {
  return typeof value === 'function' ? undefined : value
}
