import { useState } from 'preact/hooks'
import type { MergedPage as Merged } from '../api.ts'
import { Loading, MessageView, type PayloadForm, PayloadFormChoice, useAsked } from '../components.tsx'

/** The newest messages of all queues, in the order of their times. */
export function MergedPage() {
  const [form, setForm] = useState<PayloadForm>('text')
  const { value, error } = useAsked<Merged>('/api/merged?limit=100', 2000)
  if (value === undefined) return <Loading error={error} />
  const { messages, queues, leftOut } = value
  return (
    <>
      <h1>All queues, merged by time</h1>
      <div class="bar">
        <PayloadFormChoice form={form} setForm={setForm} />
        <span class="faint">
          the newest {messages.length} messages of {queues} queues{leftOut > 0 ? `; ${leftOut} queues are left out` : ''}
        </span>
      </div>
      {error !== undefined && <p class="note critical">{error}</p>}
      {[...messages].reverse().map((message) => (
        <MessageView key={`${message.id} ${message.sequence}`} message={message} form={form} queueId={message.id}>
          <a href={`#/q/${message.id}`}>{message.queue}</a>
        </MessageView>
      ))}
    </>
  )
}
