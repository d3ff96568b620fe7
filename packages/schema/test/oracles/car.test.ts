import { schemaDifferences } from '@chronicle-ts/schema'
import { describe, expect, it } from 'vitest'
import { oracleBytes, oracleSchema } from './oracle-files.js'

const f32 = Math.fround

/** The values that ExampleUsingGeneratedStub.java encodes. */
const baselineCar = {
  serialNumber: 1234n,
  modelYear: 2013,
  available: 'T',
  code: 'A',
  someNumbers: Uint32Array.of(1, 2, 3, 4),
  vehicleCode: 'abcdef',
  extras: ['sportsPack', 'cruiseControl'],
  discountedModel: 'C',
  engine: {
    capacity: 2000,
    numCylinders: 4,
    maxRpm: 9000,
    manufacturerCode: '123',
    fuel: 'Petrol',
    efficiency: 35,
    boosterEnabled: 'T',
    booster: { BoostType: 'NITROUS', horsePower: 200 },
  },
  fuelFigures: [
    { speed: 30, mpg: f32(35.9), usageDescription: 'Urban Cycle' },
    { speed: 55, mpg: f32(49), usageDescription: 'Combined Cycle' },
    { speed: 75, mpg: f32(40), usageDescription: 'Highway Cycle' },
  ],
  performanceFigures: [
    {
      octaneRating: 95,
      acceleration: [
        { mph: 30, seconds: f32(4) },
        { mph: 60, seconds: f32(7.5) },
        { mph: 100, seconds: f32(12.2) },
      ],
    },
    {
      octaneRating: 99,
      acceleration: [
        { mph: 30, seconds: f32(3.8) },
        { mph: 60, seconds: f32(7.1) },
        { mph: 100, seconds: f32(11.8) },
      ],
    },
  ],
  manufacturer: 'Honda',
  model: 'Civic VTi',
  activationCode: 'abcdef',
}

/** ExampleUsingGeneratedStubExtension.java encodes with the baseline schema, with other numbers. */
const extensionCar = { ...baselineCar, someNumbers: Uint32Array.of(0, 1, 2, 3) }

function car(schema: string) {
  const message = oracleSchema(schema).messages['Car']
  if (message === undefined) throw new Error('the schema has no Car')
  return message
}

describe("SBE's example car", () => {
  const baseline = car('example-schema.xml')
  const extension = car('example-extension-schema.xml')

  it.each([
    ['car_example_baseline_data.sbe', baselineCar],
    ['car_example_extension_data.sbe', extensionCar],
  ])('%s: decodes to the values that its authors meant and encodes to the same bytes', (file, values) => {
    const bytes = oracleBytes(`sbe/${file}`)
    expect(baseline.decode(bytes)).toEqual(values)
    expect(baseline.encode(values)).toEqual(bytes)
  })

  it('reads a baseline message with the extended schema: what came later is absent', () => {
    const bytes = oracleBytes('sbe/car_example_extension_data.sbe')
    expect(extension.decode(bytes)).toEqual(extensionCar)
  })

  it('reads an extended message with the baseline schema: the longer block is skipped', () => {
    const extended = { ...baselineCar, uuid: BigInt64Array.of(7n, -8n), cupHolderCount: 119 }
    const bytes = extension.encode(extended)
    expect(extension.decode(bytes)).toEqual(extended)
    expect(baseline.decode(bytes)).toEqual(baselineCar)
  })

  it('may be extended in a queue: each definition reads what the other wrote', () => {
    expect(schemaDifferences(baseline.description, extension.description)).toEqual([])
    expect(schemaDifferences(extension.description, baseline.description)).toEqual([])
  })

  it('writes null values for what an extended message leaves out', () => {
    const bytes = extension.encode(baselineCar)
    expect(bytes.length).toBe(oracleBytes('sbe/car_example_baseline_data.sbe').length + 17)
    expect(extension.decode(bytes)).toEqual(baselineCar)
  })

  it('reads groups in place, forwards, backwards and again', () => {
    const bytes = oracleBytes('sbe/car_example_baseline_data.sbe')
    const reader = baseline.reader()
    const body = reader.wrap(new DataView(bytes.buffer), 0, bytes.length)
    const speeds = [2, 0, 1, 1].map((index) => body.fuelFigures.at(index).speed)
    expect(speeds).toEqual([75, 30, 55, 55])
    expect(body.performanceFigures.at(1).acceleration.at(2).mph).toBe(100)
    expect(body.performanceFigures.at(0).acceleration.at(0).seconds).toBe(4)
    expect(body.activationCode).toBe('abcdef')
    expect(body.manufacturer).toBe('Honda')
  })

  it('writes in place, part by part', () => {
    const sizes = {
      fuelFigures: [{ usageDescription: 11 }, { usageDescription: 14 }, { usageDescription: 13 }],
      performanceFigures: [{ acceleration: 3 }, { acceleration: 3 }],
      manufacturer: 5,
      model: 9,
      activationCode: 6,
    }
    const writer = baseline.writer()
    const expected = oracleBytes('sbe/car_example_baseline_data.sbe')
    expect(writer.length(sizes)).toBe(expected.length)
    const bytes = new Uint8Array(expected.length + 20).fill(0xaa)
    const body = writer.begin(new DataView(bytes.buffer), 10, expected.length, sizes)
    for (const [name, value] of Object.entries(baselineCar)) body[name] = value
    expect(bytes.subarray(10, 10 + expected.length)).toEqual(expected)
    expect([...bytes.subarray(0, 10), ...bytes.subarray(10 + expected.length)].every((byte) => byte === 0xaa)).toBe(true)
  })

  it('refuses every truncated message', () => {
    for (const file of ['car_example_baseline_data.sbe', 'car_example_extension_data.sbe']) {
      const bytes = oracleBytes(`sbe/${file}`)
      for (let length = 0; length < bytes.length; length++) {
        expect(() => baseline.decode(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'ERR_BAD_MESSAGE' }))
      }
    }
  })
})
