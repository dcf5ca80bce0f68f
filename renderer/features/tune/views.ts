export const TUNE_VIEWS = ['next', 'sensitivity', 'editor', 'search', 'pareto'] as const
export type TuneView = (typeof TUNE_VIEWS)[number]

export const viewFrom = (text: string | null): TuneView => TUNE_VIEWS.find((view) => view === text) ?? 'next'

/** Where the knobs of a layer are: its name, or a line of the recipe such as `conv_*`. */
export const editorTo = (layer: string): string => `/tune?view=editor&layer=${encodeURIComponent(layer)}`
