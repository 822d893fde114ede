import type { Model } from '../model.ts'
import { offline } from './offline/offline.ts'
import { responses } from './responses.ts'

/** Model asked for when nothing else is said. */
export const DEFAULT_MODEL = 'gpt-5.4'

/** Any of these names an endpoint to ask. */
const ENDPOINT = ['COMETAPI_KEY', 'OPENAI_API_KEY', 'COMETAPI_BASE_URL', 'OPENAI_BASE_URL']

/**
 * The model that the environment allows: `responses(name)` when a key (`COMETAPI_KEY`, `OPENAI_API_KEY`) or the address of a server that needs
 * none (`COMETAPI_BASE_URL`, `OPENAI_BASE_URL`) is set, else `offline()`. For examples, demos and first steps; a service names its model.
 * `ANTIPHON_MODEL` overrides the name.
 */
export const defaultModel = (
  name?: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Model =>
  ENDPOINT.some((variable) => env[variable]?.trim())
    ? responses(name ?? env.ANTIPHON_MODEL ?? DEFAULT_MODEL, { env })
    : offline()
