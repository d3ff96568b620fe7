/** `0.4 s`, `12 s`, `3 min`, `2.5 h`, `3 d`: for the details of conditions. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 360) / 10} h` : `${Math.round(seconds / 86_400)} d`
}

/** `512 KiB`, `48 MiB`: never more than there is. */
export function formatRoom(bytes: number): string {
  return bytes < 10 * 2 ** 20 ? `${Math.floor(bytes / 2 ** 10)} KiB` : `${Math.floor(bytes / 2 ** 20)} MiB`
}

/** `1 message`, `1,234 messages`. */
export function countOf(count: number, noun: string): string {
  return `${String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',')} ${noun}${count === 1 ? '' : 's'}`
}
