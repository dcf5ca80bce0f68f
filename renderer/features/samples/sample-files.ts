const SAMPLE_FILES = /\.(png|jpe?g|webp|bmp|tiff?|npy|npz|txt)$/i
const WHOLE_FILES = /\.(npy|npz|txt)$/i

export const SAMPLE_TYPES = '.png,.jpg,.jpeg,.webp,.bmp,.tif,.tiff,.npy,.npz,.txt'

/** Whether a file can be samples, or name some. */
export const isSampleFile = (name: string): boolean => SAMPLE_FILES.test(name)

/** The samples path that stands for uploaded files: an array or list as it is, else the folder that all lie below. */
export function folderOfAll(paths: readonly string[]): string {
  const whole = paths.find((path) => WHOLE_FILES.test(path))
  if (whole !== undefined && (paths.length === 1 || whole.toLowerCase().endsWith('.txt'))) return whole
  const folders = paths.map((path) => path.split(/[\\/]/).slice(0, -1))
  const [first = []] = folders
  const depth = first.findIndex((name, at) => folders.some((folder) => folder[at] !== name))
  const common = depth < 0 ? first : first.slice(0, depth)
  return paths[0]!.slice(0, common.join('/').length)
}
