import { InvalidArgumentError } from '../errors/index.js'
import type { XmlElement } from './read-xml.js'

/** Attributes of an element, read with their rules. Errors say the line. */

export function refuseElement(element: XmlElement, value: unknown, expected: string): never {
  throw new InvalidArgumentError({ argument: `xml line ${element.line}, <${element.name}>`, value, expected })
}

export function requiredText(element: XmlElement, attribute: string): string {
  const text = element.attributes.get(attribute)
  if (text === undefined || text === '') refuseElement(element, text, `the attribute ${attribute}`)
  return text
}

/** An integer of at least 0; `undefined` when it is absent. */
export function optionalInteger(element: XmlElement, attribute: string, max = 0xffff_ffff): number | undefined {
  const text = element.attributes.get(attribute)
  if (text === undefined) return undefined
  const value = /^\d{1,10}$/.test(text.trim()) ? Number(text) : Number.NaN
  if (!(value <= max)) refuseElement(element, text, `an integer of 0 to ${max} as ${attribute}`)
  return value
}

export function requiredInteger(element: XmlElement, attribute: string, max: number): number {
  return optionalInteger(element, attribute, max) ?? refuseElement(element, undefined, `the attribute ${attribute}`)
}

export type Presence = 'required' | 'optional' | 'constant'

export function presenceOf(element: XmlElement): Presence | undefined {
  const text = element.attributes.get('presence')
  if (text === undefined || text === 'required' || text === 'optional' || text === 'constant') return text
  return refuseElement(element, text, 'presence of required, optional or constant')
}
