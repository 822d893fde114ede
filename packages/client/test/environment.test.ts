import { isAntiphonError, resolveEndpoint } from '@antiphon/client'
import { describe, expect, it } from 'vitest'

const codeOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    if (isAntiphonError(error)) return error.code
    throw error
  }
  return 'nothing thrown'
}

const messageOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

const both = { COMETAPI_KEY: 'comet-key', OPENAI_API_KEY: 'openai-key' }

describe('resolveEndpoint without options', () => {
  it('takes CometAPI first', () => {
    expect(resolveEndpoint({}, both)).toEqual({
      baseURL: 'https://api.cometapi.com/v1',
      apiKey: 'comet-key',
      host: 'cometapi',
    })
  })

  it('takes OpenAI when only its key is set', () => {
    expect(resolveEndpoint({}, { OPENAI_API_KEY: 'openai-key' })).toEqual({
      baseURL: 'https://api.openai.com/v1',
      apiKey: 'openai-key',
      host: 'openai',
    })
  })

  it('lets each provider be moved by its own variable only', () => {
    const env = { COMETAPI_BASE_URL: 'https://comet.example/v1/', OPENAI_BASE_URL: 'https://open.example/v1' }
    expect(resolveEndpoint({}, { ...env, COMETAPI_KEY: 'c' })).toEqual({
      baseURL: 'https://comet.example/v1',
      apiKey: 'c',
      host: 'other',
    })
    expect(resolveEndpoint({}, { ...env, OPENAI_API_KEY: 'o' })).toEqual({
      baseURL: 'https://open.example/v1',
      apiKey: 'o',
      host: 'other',
    })
  })

  it('treats empty and blank variables as unset', () => {
    const env = { COMETAPI_KEY: '', COMETAPI_BASE_URL: ' ', OPENAI_API_KEY: 'o', OPENAI_BASE_URL: '' }
    expect(resolveEndpoint({ apiKey: '', baseURL: '' }, env).baseURL).toBe('https://api.openai.com/v1')
  })

  it('goes without a key to a server that a variable names', () => {
    expect(resolveEndpoint({}, { OPENAI_BASE_URL: 'http://localhost:11434/v1' })).toEqual({
      baseURL: 'http://localhost:11434/v1',
      host: 'other',
    })
  })

  it('says what to set when nothing is', () => {
    expect(codeOf(() => resolveEndpoint({}, {}))).toBe('missing_api_key')
    const message = messageOf(() => resolveEndpoint())
    for (const word of ['COMETAPI_KEY', 'OPENAI_API_KEY', 'apiKey', 'baseURL'])
      expect(message).toContain(word)
  })
})

describe('resolveEndpoint keeps keys with their owners', () => {
  it.each([
    ['https://api.cometapi.com/v1', 'comet-key', 'cometapi'],
    ['https://API.CometAPI.com/v1', 'comet-key', 'cometapi'],
    ['https://api.openai.com/v1', 'openai-key', 'openai'],
    ['https://eu.api.openai.com/v1', 'openai-key', 'openai'],
    ['https://api.openai.com./v1', 'openai-key', 'openai'],
    ['http://127.0.0.1:8000/v1', undefined, 'other'],
    ['https://example.com/v1', undefined, 'other'],
    ['https://evilopenai.com/v1', undefined, 'other'],
    ['https://api.openai.com.example.com/v1', undefined, 'other'],
    ['https://example.com/api.cometapi.com/v1', undefined, 'other'],
  ])('%s gets %s', (baseURL, apiKey, host) => {
    expect(resolveEndpoint({ baseURL }, both)).toMatchObject({ host })
    expect(resolveEndpoint({ baseURL }, both).apiKey).toBe(apiKey)
  })

  it('does not lend the other provider’s key to a known host', () => {
    const toOpenAI = () => resolveEndpoint({ baseURL: 'https://api.openai.com/v1' }, { COMETAPI_KEY: 'c' })
    expect(codeOf(toOpenAI)).toBe('missing_api_key')
    expect(messageOf(toOpenAI)).toContain('OPENAI_API_KEY')
    const toComet = () => resolveEndpoint({ baseURL: 'https://api.cometapi.com/v1' }, { OPENAI_API_KEY: 'o' })
    expect(messageOf(toComet)).toContain('COMETAPI_KEY')
  })

  it('does not lend it through the other’s base URL variable either', () => {
    const env = { COMETAPI_KEY: 'c', COMETAPI_BASE_URL: 'https://api.openai.com/v1' }
    expect(codeOf(() => resolveEndpoint({}, env))).toBe('missing_api_key')
    expect(resolveEndpoint({}, { ...env, OPENAI_API_KEY: 'o' }).apiKey).toBe('o')
  })

  it('uses a given key wherever it is sent on purpose', () => {
    expect(resolveEndpoint({ apiKey: 'mine', baseURL: 'http://127.0.0.1:1/v1' }, both).apiKey).toBe('mine')
    expect(resolveEndpoint({ apiKey: 'mine', baseURL: 'https://api.openai.com/v1' }, both).apiKey).toBe(
      'mine',
    )
  })

  it('finds the owner of a key that comes without a URL', () => {
    expect(resolveEndpoint({ apiKey: 'mine' }, {}).host).toBe('cometapi')
    expect(resolveEndpoint({ apiKey: 'openai-key' }, both).host).toBe('openai')
    expect(resolveEndpoint({ apiKey: 'sk-proj-abc' }, {}).host).toBe('openai')
    const env = { OPENAI_BASE_URL: 'https://proxy.example/v1' }
    expect(resolveEndpoint({ apiKey: 'proxy-key' }, env).baseURL).toBe('https://proxy.example/v1')
    expect(
      resolveEndpoint({ apiKey: 'sk-abc' }, { COMETAPI_BASE_URL: 'https://comet.example/v1' }).baseURL,
    ).toBe('https://comet.example/v1')
  })
})

describe('resolveEndpoint with an Authorization header of the caller', () => {
  it('asks for no key', () => {
    const headers = { Authorization: 'Bearer own' }
    const baseURL = 'https://api.openai.com/v1'
    expect(resolveEndpoint({ baseURL, headers }, {})).toEqual({ baseURL, host: 'openai' })
    expect(codeOf(() => resolveEndpoint({ baseURL, headers: { 'x-other': '1' } }, {}))).toBe(
      'missing_api_key',
    )
  })
})

describe('resolveEndpoint refuses what is no base URL', () => {
  it.each(['api.openai.com/v1', 'localhost:11434', 'ftp://example.com', '/v1', 'http://'])(
    '%s',
    (baseURL) => {
      expect(codeOf(() => resolveEndpoint({ baseURL }, both))).toBe('invalid_base_url')
    },
  )

  it('refuses credentials in the URL and does not repeat them', () => {
    const act = () => resolveEndpoint({ baseURL: 'https://user:hunter2@example.com/v1' }, {})
    expect(codeOf(act)).toBe('invalid_base_url')
    expect(messageOf(act)).not.toContain('hunter2')
  })

  it('names the variable that is wrong', () => {
    const act = () => resolveEndpoint({}, { COMETAPI_KEY: 'c', COMETAPI_BASE_URL: 'nonsense' })
    expect(messageOf(act)).toContain('COMETAPI_BASE_URL')
  })
})
