/**
 * `npm run smoke:live`: for whoever has a key. A few small real requests against the endpoint, each with what it must give; a table of
 * what came, and exit code 1 when something failed, 2 without a key. Costs a fraction of a cent with a small model.
 */
import assert from 'node:assert/strict'
import { ApiError, createClient, outputText, type ResponseEvent, resolveEndpoint } from '@antiphon/client'
import { agent, DEFAULT_MODEL, isAntiphonError, responses, tool } from 'antiphon'
import { z } from 'zod'

const LIMIT_MS = 120_000
/** Room for models that reason before they answer. */
const MAX_OUTPUT_TOKENS = 2000

const endpoint = findEndpoint()
const model = process.env.ANTIPHON_MODEL ?? DEFAULT_MODEL
const client = createClient()
const request = { model, max_output_tokens: MAX_OUTPUT_TOKENS }
let storedId: string | undefined

const checks: Record<string, () => Promise<string>> = {
  'responses.create': async () => {
    const response = await client.responses.create(
      { ...request, input: 'Reply with the single word: antiphon' },
      { signal: AbortSignal.timeout(LIMIT_MS) },
    )
    storedId = response.id
    assert.equal(response.status, 'completed')
    assert.match(outputText(response), /antiphon/i)
    return `${response.model}, ${response.usage?.total_tokens ?? 'unknown'} tokens`
  },
  'responses.stream': async () => {
    const events: ResponseEvent[] = []
    const stream = client.responses.stream(
      { ...request, input: 'Count from 1 to 20, with commas.' },
      { signal: AbortSignal.timeout(LIMIT_MS) },
    )
    for await (const event of stream) events.push(event)
    const deltas = events.filter((event) => event.type === 'response.output_text.delta').length
    assert.equal(events.at(-1)?.type, 'response.completed')
    assert.match(outputText(await stream.response()), /19\D+20/)
    return `${events.length} events, ${deltas} text deltas`
  },
  'agent, parallel calls': async () => {
    const weather = tool({
      name: 'get_weather',
      description: 'Current weather in a city',
      inputSchema: z.object({ city: z.string() }),
      effect: 'read',
      execute: ({ city }) => ({ city, celsius: /tokyo/i.test(city) ? 26 : 19 }),
    })
    const assistant = agent({
      model: responses(model),
      instructions: 'Use the tool for every city, all calls at once. Answer with the temperatures.',
      tools: [weather],
      settings: { max_output_tokens: MAX_OUTPUT_TOKENS },
      limits: { turns: 4, toolCalls: 6 },
    })
    const { text, toolCalls, turns, stop } = await assistant
      .run('What is the weather in Paris and Tokyo?', { signal: AbortSignal.timeout(LIMIT_MS) })
      .result()
    assert.equal(stop.reason, 'done')
    assert.ok(toolCalls >= 2, `expected two calls, got ${toolCalls}`)
    assert.match(text, /19[\s\S]*26|26[\s\S]*19/)
    return `${toolCalls} calls in ${turns} turns${turns === 2 ? '' : ' (not in parallel)'}`
  },
  'structured output': async () => {
    const clerk = agent({
      model: responses(model),
      output: z.object({ city: z.string(), population: z.number(), nickname: z.string().optional() }),
      settings: { max_output_tokens: MAX_OUTPUT_TOKENS },
    })
    const { output } = await clerk
      .run('The city of Oslo has 717710 inhabitants.', { signal: AbortSignal.timeout(LIMIT_MS) })
      .result()
    assert.equal(output.city, 'Oslo')
    assert.equal(output.population, 717_710)
    return JSON.stringify(output)
  },
  // Not every endpoint keeps responses: CometAPI documents no other method than POST.
  'responses.retrieve': async () => {
    assert.ok(storedId !== undefined, 'there is no response to retrieve')
    try {
      const response = await client.responses.retrieve(storedId, { signal: AbortSignal.timeout(LIMIT_MS) })
      assert.equal(response.id, storedId)
      return 'stored'
    } catch (error) {
      const absent = error instanceof ApiError && [400, 404, 405, 501].includes(error.status ?? 0)
      if (!absent) throw error
      return `not kept here (${error.status}), which is fine`
    }
  },
}

process.stdout.write(`${model} at ${new URL(endpoint.baseURL).host}\n`)
let failed = 0
for (const [name, check] of Object.entries(checks)) {
  const started = performance.now()
  const outcome = await check().then(
    (said) => ({ ok: true, said }),
    (error: unknown) => ({ ok: false, said: describe(error) }),
  )
  if (!outcome.ok) failed++
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5)
  process.stdout.write(
    `${outcome.ok ? 'ok    ' : 'failed'} ${seconds} s  ${name.padEnd(22)} ${outcome.said}\n`,
  )
}
const total = Object.keys(checks).length
process.stdout.write(failed === 0 ? `All ${total} checks passed\n` : `${failed} of ${total} checks failed\n`)
process.exit(failed === 0 ? 0 : 1)

function findEndpoint() {
  try {
    return resolveEndpoint({}, process.env)
  } catch (error) {
    process.stderr.write(`${describe(error)}

This checks a real endpoint, so it needs one:
  COMETAPI_KEY=…                        npm run smoke:live
  OPENAI_API_KEY=…                      npm run smoke:live
  OPENAI_BASE_URL=http://127.0.0.1:8000/v1 ANTIPHON_MODEL=…  npm run smoke:live
ANTIPHON_MODEL names the model; without it, ${DEFAULT_MODEL}.
`)
    process.exit(2)
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = isAntiphonError(error) ? `${error.code}: ` : ''
  return `${code}${error.message.replace(/\s+/g, ' ').slice(0, 400)}`
}
