import { describe, expect, it } from 'vitest'
import { code } from '../../test/support/ends.js'
import { connectNats } from '../index.js'
import { checkSinkName, checkStreamName, checkSubject } from './nats-names.js'

const refused = (argument: string): unknown => code('ERR_INVALID_ARGUMENT', { argument })

describe('names that a server does not take', () => {
  it.each(['', ' ', 'a b', 'a.b', 'a*', '>', 'a/b', 'a\\b', '..', 'a\n', 'a\0', 'x'.repeat(256), 7, null])(
    'are not those of a stream or a sink: %j',
    (name) => {
      expect(() => checkStreamName(name)).toThrow(refused('stream'))
      expect(() => checkSinkName(name)).toThrow(refused('name'))
      expect(() => checkSinkName(name, 'sinks')).toThrow(refused('sinks'))
    },
  )

  it.each(['', ' ', 'a b', '*', 'a.*', 'a.>', 'a*', 'a..b', '.a', 'a.', 'a\r\nPUB x 0', 'x'.repeat(1025), 7, null])(
    'are not a subject: %j',
    (subject) => {
      expect(() => checkSubject(subject)).toThrow(refused('subject'))
    },
  )

  it('are not those that it takes', () => {
    for (const name of ['a', 'prod-trades_1', 'é', '$x', 'x'.repeat(200)]) {
      checkStreamName(name)
      checkSinkName(name)
    }
    for (const subject of ['a', 'prod.trades.a', 'é.b', '_INBOX.x']) checkSubject(subject)
  })

  it.each(['nats://', 'nats://127.0.0.1:99999', 'a b'])('are not those of a server: %j', async (servers) => {
    await expect(connectNats({ servers })).rejects.toThrow(refused('servers'))
  })
})
