import { STATUS_BAD_HEADER_CRC, STATUS_BAD_LENGTH, STATUS_BAD_PAYLOAD_CRC } from '@chronicle-ts/native'

/** Statuses of the native verifier in words. */
export const CORRUPTION: Readonly<Record<number, string>> = {
  [STATUS_BAD_LENGTH]: 'its length leaves the segment',
  [STATUS_BAD_PAYLOAD_CRC]: 'its payload does not match its checksum',
  [STATUS_BAD_HEADER_CRC]: 'its header does not match its checksum',
}
