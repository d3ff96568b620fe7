/**
 * Layout of a send note. A frame is one message, unchanged, and its timestamp is the recorder's; so when it was really appended is told by a message in a
 * queue beside it, one per frame, appended just before the frame. The note's own timestamp is that moment.
 *
 * ```text
 *        0       1       2       3       4       5       6       7
 *      +---------------------------------------------------------------+
 *    0 |                           sequence                            |
 *      +---------------------------------------------------------------+
 *    8 |                            dueNs                              |
 *      +---------------------------------------------------------------+
 * ```
 *
 * `sequence`: u64, the frame's. `dueNs`: u64, CLOCK_REALTIME when the replay's schedule wanted it sent.
 */
export const SEQUENCE_OFFSET = 0
export const DUE_NS_OFFSET = 8
export const SEND_NOTE_LENGTH = 16
export const SEND_NOTE_TYPE = 1

/** typeId of the frames themselves. */
export const FRAME_TYPE = 1
