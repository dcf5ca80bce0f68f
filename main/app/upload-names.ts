import { Fault } from '../core/fault.ts'

/** UTF-8 bytes that a file system takes in one name. */
const LONGEST_NAME = 255
const LONGEST_PATH = 1024
const DEEPEST = 16

/** Names that Windows keeps for devices, whatever their ending. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?$/i

/**
 * Checks names of files that are to lie together in a folder of ours; `/` parts folders. A name that could mean a place outside, or
 * that this system could not write as it stands, is refused, and so are two that some systems hold for the same.
 * Throws `input.bad-name` and `input.same-name`.
 */
export function checkNames(names: readonly string[], platform: NodeJS.Platform = process.platform): void {
  const seen = new Map<string, string>()
  for (const name of names) {
    const why = whyRefused(name, platform)
    if (why !== null) throw new Fault({ code: 'input.bad-name', where: shown(name), what: `a file cannot be taken in under this name: ${why}`, next: 'Give the file a plain name, and choose it again.' })
    const key = name.normalize('NFC').toLowerCase()
    const other = seen.get(key)
    if (other !== undefined) throw new Fault({ code: 'input.same-name', where: shown(name), what: other === name ? 'two files have this name' : `'${shown(other)}' is the same name on some systems`, next: 'Give the files different names.' })
    seen.set(key, name)
  }
  for (const [key, name] of seen) {
    for (let at = key.indexOf('/'); at > 0; at = key.indexOf('/', at + 1)) {
      if (seen.has(key.slice(0, at))) throw new Fault({ code: 'input.same-name', where: shown(name), what: 'one of its folders has the name of a file', next: 'Give the files different names.' })
    }
  }
}

function whyRefused(name: string, platform: NodeJS.Platform): string | null {
  if (Buffer.byteLength(name) > LONGEST_PATH) return 'it is too long'
  if (/\p{Cc}|\p{Cs}/u.test(name)) return 'it holds control characters'
  const parts = name.split('/')
  if (parts.length > DEEPEST) return 'too many folders'
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return 'it is no name inside a folder'
    if (part.includes('\\')) return 'it holds a backslash'
    if (Buffer.byteLength(part) > LONGEST_NAME) return 'it is too long'
    if (platform === 'win32' && (/[<>:"|?*]|[. ]$/.test(part) || DEVICES.test(part))) return 'Windows does not allow it'
  }
  return /^[a-z]:/i.test(name) ? 'it names a drive' : null
}

/** A refused name as it can be shown. */
const shown = (name: string): string => name.slice(0, 200).replaceAll(/\p{Cc}|\p{Cs}/gu, '�')
