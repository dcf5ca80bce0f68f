import { saveFile } from '../../../ui/save-file.ts'
import { svgOf, type GraphPicture } from './graph-svg.ts'

/** A canvas of more pixels than this is refused by browsers. */
const MOST_PIXELS = 12_000

function themeColor(): (token: string) => string {
  const style = getComputedStyle(document.querySelector('.graph') ?? document.documentElement)
  return (token) => style.getPropertyValue(`--${token}`).trim()
}

export function saveSvg(picture: GraphPicture): void {
  saveFile(new Blob([svgOf(picture, themeColor())], { type: 'image/svg+xml' }), `${picture.name}.svg`)
}

/** At twice the size of the screen, or as large as a browser's canvas can be. */
export async function savePng(picture: GraphPicture): Promise<void> {
  const url = URL.createObjectURL(new Blob([svgOf(picture, themeColor())], { type: 'image/svg+xml' }))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.min(2, MOST_PIXELS / Math.max(image.width, image.height))
    const canvas = new OffscreenCanvas(Math.ceil(image.width * scale), Math.ceil(image.height * scale))
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    saveFile(await canvas.convertToBlob({ type: 'image/png' }), `${picture.name}.png`)
  } finally {
    URL.revokeObjectURL(url)
  }
}
