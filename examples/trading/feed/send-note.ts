import { message, u64 } from '@chronicle-ts/schema'

/**
 * When a frame was really appended. A frame is one message, unchanged, and its timestamp is the recorder's. So a message in a queue beside it says when it was sent, one for
 * each frame, appended just before the frame. The note's own timestamp is that moment.
 */
export const SendNote = message('SendNote', 1, {
  /** The frame's. */
  sequence: u64().number(),
  /** CLOCK_REALTIME when the replay's schedule wanted it sent. */
  dueNs: u64(),
})

/** typeId of the frames themselves. */
export const FRAME_TYPE = 1
