import { scripted, text } from 'antiphon/testing'
import { describe, expect, it } from 'vitest'
import { serving } from './serving.ts'

const format = {
  type: 'json_schema',
  name: 'city',
  strict: true,
  schema: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const

describe('structured output of a model that does not keep to it', () => {
  it('is asked for once more, and the answer that fits is the only one', async () => {
    const { openai } = await serving(scripted([text('The city is Paris.'), text('{"city":"Paris"}')]))
    const response = await openai.responses.create({ input: 'Where?', text: { format } } as never)
    expect(JSON.parse((response as { output_text: string }).output_text)).toEqual({ city: 'Paris' })
    expect((response as { output: unknown[] }).output).toHaveLength(1)
  })

  it('is streamed as it comes', async () => {
    const { openai } = await serving(scripted([text('{"city":"Paris"}')]))
    const stream = openai.responses.stream({ model: 'scripted', input: 'Where?', text: { format } })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(types.filter((type) => type === 'response.output_text.delta').length).toBeGreaterThan(0)
    expect((await stream.finalResponse()).output_text).toBe('{"city":"Paris"}')
  })
})
