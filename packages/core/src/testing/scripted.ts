import { AntiphonError } from '@antiphon/client'
import type { ScriptStep } from './script-step.ts'
import type { ScriptedModel, ScriptedOptions } from './step-model.ts'
import { stepModel } from './step-model.ts'

/** The step for call `n`. Throws with code `script_exhausted` once the steps are used up. */
export const stepAt = <Step>(steps: readonly Step[], n: number): Step => {
  if (n < steps.length) return steps[n] as Step
  throw new AntiphonError(
    'script_exhausted',
    `The script has ${steps.length} step${steps.length === 1 ? '' : 's'}, but this is call ${n + 1}. ` +
      'Add a step, or check why the loop did not stop.',
  )
}

/**
 * A model that answers its n-th call with the n-th step, by a valid event sequence, without any network.
 *
 * Ids are deterministic (`resp_1`, `call_1`, …) and avoid those already in the request's input.
 * Each call rejects with the step's error where it has one, with the reason of the cancellation when cancelled, and
 * with code `script_exhausted` once the steps are used up.
 */
export const scripted = (steps: readonly ScriptStep[], options: ScriptedOptions = {}): ScriptedModel =>
  stepModel((n) => stepAt(steps, n), options)
