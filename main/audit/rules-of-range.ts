const RULES = new Set(['image-grid', 'clip-grid', 'sum-grid', 'result-range', 'threshold'])

/** Whether a range was given by a rule or a recipe, not found from what was seen: it may be wider or narrower on purpose. */
export const isRule = (method: string): boolean => RULES.has(method)
