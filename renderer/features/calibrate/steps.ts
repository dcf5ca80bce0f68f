import type { TextKey } from '../../texts/texts.ts'

/** The path of the wizard, in its order. Each is a place of its own: `#/calibrate?step=methods`. */
export const WIZARD_STEPS = ['target', 'methods', 'samples', 'review', 'run', 'result'] as const
export type WizardStep = (typeof WIZARD_STEPS)[number]

export const stepName = (step: WizardStep): TextKey => `calibrate.step.${step}`

/** The step that an address names; where it names none, the job that runs, else the beginning. */
export function stepFrom(text: string | null, hasJob: boolean): WizardStep {
  return WIZARD_STEPS.find((step) => step === text) ?? (hasJob ? 'run' : 'target')
}

export const stepBeside = (step: WizardStep, by: 1 | -1): WizardStep | undefined => WIZARD_STEPS[WIZARD_STEPS.indexOf(step) + by]
