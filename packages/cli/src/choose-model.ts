import { DEFAULT_MODEL, defaultModel, type Model, offline, responses } from 'antiphon'

/** What the command line says about the model. */
export interface ModelChoice {
  /** Name of a model, or `offline`. */
  readonly model?: string
  /** Root of another endpoint. */
  readonly baseUrl?: string
}

/**
 * The model to run on: the named endpoint or model, else the one the environment allows, which is the embedded one without a key.
 * A model that is named is never replaced by the embedded one.
 */
export const chooseModel = ({ model, baseUrl }: ModelChoice, env = process.env): Model => {
  const named = model ?? env.ANTIPHON_MODEL ?? DEFAULT_MODEL
  if (baseUrl !== undefined) return responses(named, { baseURL: baseUrl })
  if (model === 'offline') return offline()
  return model === undefined ? defaultModel(undefined, env) : responses(named)
}
