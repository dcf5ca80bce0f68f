import type { GateResult } from '../core/run.ts'
import type { JudgedGate, Waiver } from './api.ts'

/** Gates beside the waivers of their run. A waiver counts wherever its run is judged by its rule; the newest says why. */
export const withWaivers = (gates: readonly GateResult[], waivers: readonly Waiver[]): JudgedGate[] =>
  gates.map((gate) => ({ ...gate, waived: gate.passed ? null : (waivers.findLast((waiver) => waiver.rule === gate.rule)?.reason ?? null) }))

/** Whether every gate that failed is waived. */
export const isAccepted = (gates: readonly JudgedGate[]): boolean => gates.every((gate) => gate.passed || gate.waived !== null)
