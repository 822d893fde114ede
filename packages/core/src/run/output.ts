import type { InputItem } from '@antiphon/client'
import type { WireSchema } from '../schema/wire-schema.ts'

/** A final text, read against the output schema. */
export type Parsed = { kind: 'value'; value: unknown } | { kind: 'mismatch'; issues: string }

/** Reads `text` as the schema's value; without a schema the text is the value. A fence around the JSON is forgiven, unless it has to be `exact`. */
export const parseOutput = async (
  schema: WireSchema<unknown> | undefined,
  text: string,
  exact = false,
): Promise<Parsed> => {
  if (schema === undefined) return { kind: 'value', value: text }
  let value: unknown
  try {
    value = JSON.parse(exact ? text : unfenced(text))
  } catch (error) {
    return {
      kind: 'mismatch',
      issues: `not valid JSON: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
  const result = await schema.parse(value)
  return result.ok ? { kind: 'value', value: result.value } : { kind: 'mismatch', issues: result.message }
}

const unfenced = (text: string): string => /^\s*```(?:json)?\s*([\s\S]*?)```\s*$/.exec(text)?.[1] ?? text

/** Asks the model for the same answer in the right shape. */
export const repairMessage = (issues: string): InputItem => ({
  type: 'message',
  role: 'user',
  content: `Your answer does not match the required JSON schema:\n${issues}\nAnswer again with only the corrected JSON.`,
})
