/** One stream of messages from one sender to some receivers. */
export interface Place {
  /** Exists; of this round only. */
  readonly folder: string
  readonly topic: string
  /** How many receivers the topic has, numbered from 0. */
  readonly receivers: number
  /** Bytes that the messages of the topic need at most, framing included. */
  readonly bytes: number
  /** Whether `send` may return only after the messages survive a power loss. */
  readonly durable: boolean
}

export interface Sender {
  /** Makes the messages visible, and durable where the place asks for it. Later calls do not overtake earlier ones. */
  send(messages: readonly Uint8Array[]): void | Promise<void>
  close(): void | Promise<void>
}

/** Returns false after the last message that the receiver wants. */
export type MessageHandler = (payload: Uint8Array) => boolean

export interface Receiver {
  /** Calls the handler for each message, in order and from the beginning, until it returns false. */
  run(handle: MessageHandler): Promise<void>
  close(): void | Promise<void>
}

/** How a peer sends and receives. */
export interface Transport {
  /** Creates what both sides expect to exist. */
  prepare?(place: Place): void | Promise<void>
  openSender(place: Place): Sender | Promise<Sender>
  /** Messages that are sent after this has settled arrive. */
  openReceiver(place: Place, index: number): Receiver | Promise<Receiver>
}
