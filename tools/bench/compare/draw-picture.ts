/** What stands above and below a picture. */
export interface PictureTexts {
  readonly title: string
  /** Date, machine and rounds: a picture is copied without the text around it. */
  readonly source: string
}

/** Room for what is drawn under the title, and its own rules of style for both schemes. */
interface Frame {
  readonly width: number
  readonly height: number
  readonly style: { readonly light: string; readonly dark: string }
}

/** Of the last line: where the figures are from. */
const SOURCE_HEIGHT = 30

/** Puts what was drawn between a title and its source. Colours follow the scheme of the reader's browser. */
export function drawPicture({ title, source }: PictureTexts, { width, height, style }: Frame, drawn: readonly string[]): string {
  const whole = height + SOURCE_HEIGHT
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${whole}" viewBox="0 0 ${width} ${whole}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>text{font:13px sans-serif;fill:#222}.h{font-weight:bold}.p{fill:#fff}${style.light}`,
    `@media(prefers-color-scheme:dark){text{fill:#ddd}.p{fill:#111}${style.dark}}</style>`,
    `<rect class="p" width="${width}" height="${whole}"/>`,
    `<text class="h" x="8" y="20">${escapeXml(title)}</text>`,
    ...drawn,
    `<text x="8" y="${whole - 8}">${escapeXml(source)}</text>`,
    '</svg>\n',
  ].join('\n')
}

export function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}
