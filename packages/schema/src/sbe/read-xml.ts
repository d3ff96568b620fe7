import { createRequire } from 'node:module'
import { InvalidArgumentError } from '../errors/index.js'

const load = createRequire(import.meta.url)

/** An element of an XML document. Names are without their namespace's prefix. */
export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  /** All text directly inside of it. */
  text: string
  /** Line of its start tag, from 1. */
  readonly line: number
}

/** Schemas of exchanges have about one megabyte. */
const MAX_XML_LENGTH = 16 * 1024 * 1024
const MAX_DEPTH = 32

/**
 * Parses a document to a tree. What is not well-formed is refused, and so is a document type declaration, because entities of a document's own have no use here.
 *
 * @throws `ERR_INVALID_ARGUMENT` with the line
 */
export function readXml(xml: unknown): XmlElement {
  if (typeof xml !== 'string') throw new InvalidArgumentError({ argument: 'xml', value: xml, expected: 'text' })
  if (xml.length > MAX_XML_LENGTH) throw refuseXml(xml.length, `at most ${MAX_XML_LENGTH} characters`)
  // Loading it takes half as long as all of this package, and few programs read XML.
  const { SaxesParser } = load('saxes') as typeof import('saxes')
  const parser = new SaxesParser({ position: true })
  const open: XmlElement[] = []
  let root: XmlElement | undefined
  parser.on('error', (error) => {
    throw refuseXml(error.message, 'well-formed XML', error)
  })
  parser.on('doctype', () => {
    throw refuseXml(`line ${parser.line}`, 'a document without DOCTYPE')
  })
  parser.on('opentag', (tag) => {
    if (open.length >= MAX_DEPTH) throw refuseXml(`line ${parser.line}`, `at most ${MAX_DEPTH} levels of elements`)
    const attributes = new Map(Object.entries(tag.attributes).map(([name, value]) => [localName(name), String(value)]))
    const element: XmlElement = { name: localName(tag.name), attributes, children: [], text: '', line: parser.line }
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  parser.on('closetag', () => {
    open.pop()
  })
  const addText = (text: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.write(xml).close()
  if (root === undefined) throw refuseXml('no element', 'an XML document')
  return root
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function refuseXml(value: unknown, expected: string, cause?: Error): InvalidArgumentError {
  return new InvalidArgumentError({ argument: 'xml', value, expected }, cause && { cause })
}
