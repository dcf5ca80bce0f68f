/** A setting of a rewrite that a person may choose: the first is what it does by itself, null that it looks at the place. */
export interface RewriteOption {
  readonly name: string
  readonly choices: readonly (string | number | null)[]
}

const FORMS = [null, 'conv1x1', 'conv3x3', 'grouped', 'cascade', 'convtranspose', 'fused'] as const
const LEFTOVERS: RewriteOption = { name: 'leftovers', choices: ['scale-layer', 'keep'] }

const OPTIONS: Readonly<Record<string, readonly RewriteOption[]>> = {
  'resize-to-conv': [{ name: 'form', choices: FORMS }],
  'anchor': [{ name: 'to', choices: ['merged', 'image-skip', 'concat', 'conv'] }],
  'hoist-mean': [{ name: 'to', choices: ['conv', 'preprocess'] }, { name: 'padding', choices: ['plane', 'refuse'] }],
  'fold-batchnorm': [LEFTOVERS],
  'fold-affine': [LEFTOVERS],
  'tail-layout': [{ name: 'clip', choices: ['board', 'host'] }],
  'equalize': [{ name: 'by', choices: ['weights', 'activations'] }, { name: 'accept', choices: ['gain', 'all'] }],
  'depth-to-space-mode': [{ name: 'to', choices: ['DCR', 'CRD'] }],
  'split-concat-add': [{ name: 'to', choices: ['sum', 'concat'] }],
  'conv-group': [{ name: 'form', choices: ['sum', 'concat'] }, { name: 'by', choices: ['weights', 'activations'] }, { name: 'groups', choices: [4, 2, 3, 8] }, { name: 'multiple', choices: [1, 4, 8, 16, 32] }],
  'opset': [{ name: 'to', choices: [13, 17, 19, 21] }],
}

export const optionsOf = (rewrite: string): readonly RewriteOption[] => OPTIONS[rewrite] ?? []

/** `form: cascade`; '' where a rewrite does what it does by itself. */
export const optionsText = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options).map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')
