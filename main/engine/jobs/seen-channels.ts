import { Fault } from '../../core/fault.ts'
import type { RewriteSettings, RewriteWish } from '../../rewrite/apply.ts'
import type { SeenChannels } from '../../rewrite/rewrite.ts'
import { storedStatistics } from './stored-statistics.ts'
import type { Workpiece } from './workpiece.ts'

/**
 * The settings with what Statistics saw of channels, where a wish names a file of them (option `statistics`). They must be of the model
 * as it was before its rewrites. Throws `input.statistics-model`, and `recipe.wrong-value` where two wishes name different files.
 */
export async function withSeen(settings: RewriteSettings, wishes: readonly RewriteWish[], piece: Workpiece): Promise<RewriteSettings> {
  const files = new Set(wishes.flatMap(({ options }) => (typeof options['statistics'] === 'string' ? [options['statistics']] : [])))
  if (files.size === 0) return settings
  const [file] = [...files] as [string]
  if (files.size > 1) throw new Fault({ code: 'recipe.wrong-value', where: 'rewrite', what: 'two rewrites name different statistics', next: 'Give both the same file.' })
  const statistics = await storedStatistics(file)
  if (statistics.modelSha256 !== piece.graphSha256) {
    throw new Fault({ code: 'input.statistics-model', where: file, what: 'these statistics are not of this model before its rewrites', next: 'Calibrate the model without `rewrite`, and give that file.' })
  }
  const seen = new Map([...statistics.tensors].map(([name, { channelMin, channelMax }]): [string, SeenChannels] => [name, { min: channelMin, max: channelMax }]))
  return { ...settings, context: { ...settings.context, seen } }
}
