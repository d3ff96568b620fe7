import { openObserver, openWriter } from '@chronicle-ts/core'
import { message, u32 } from '@chronicle-ts/schema'
import { expect, it } from 'vitest'
import { SMALL, useQueueFolder } from '../../test/support/queue-folder.js'
import { asTypedWriter } from '../index.js'
import { MessageSelector, newReadEntry } from './message-selector.js'

const folder = useQueueFolder()
const Tick = message('Tick', 1, { price: u32() })

it('lets go of the messages that it delivered, keeps what it counted, and decodes the next one', () => {
  const directory = folder.queue()
  using writer = asTypedWriter(openWriter(directory, SMALL), [Tick])
  for (const price of [1, 2, 3]) writer.append(Tick, { price })
  using source = openObserver(directory, { start: 'earliest' })
  const selector = new MessageSelector([Tick], { where: (tick: { price: number }) => tick.price > 1 }, newReadEntry)
  const select = () => {
    const found = source.next()
    if (found === undefined) throw new Error('no message')
    const entry = selector.find(found.typeId)
    return selector.isSelected(entry, found) ? entry : undefined
  }
  expect(select()).toBeUndefined()
  expect(select()?.body).toMatchObject({ price: 2 })

  selector.releaseMessages()

  expect(selector.find(1).message).toBeUndefined()
  expect(selector.skipped.byType).toEqual(new Map([[1, 1]]))
  expect(select()?.body).toMatchObject({ price: 3 })
})
