import { describe, expect, it } from 'vitest'
import {
  parseIncludeQuery,
  parseListQuery,
  parseNoQuery,
  parseRetrieveQuery,
} from '../src/request/parse-query.ts'
import { refused } from './request-refusal.ts'

const query = (text: string) => new URLSearchParams(text)

describe('the query of a list', () => {
  it('has defaults', () => {
    expect(parseListQuery(query(''))).toEqual({ limit: 20, order: 'desc', include: [] })
  })

  it('is read', () => {
    expect(
      parseListQuery(query('limit=100&order=asc&after=msg_1&before=msg_9&api-version=2026-01-01')),
    ).toEqual({
      limit: 100,
      order: 'asc',
      after: 'msg_1',
      before: 'msg_9',
      include: [],
    })
  })

  it.each([
    ['limit=0', 'limit integer_below_min_value'],
    ['limit=101', 'limit integer_above_max_value'],
    ['limit=ten', 'limit invalid_type'],
    ['limit=1.5', 'limit invalid_type'],
    ['limit=', 'limit invalid_type'],
    ['limit=99999999999999999999', 'limit invalid_type'],
    ['order=up', 'order invalid_value'],
    ['after=', 'after empty_string'],
    ['include[]=x', 'include[0] invalid_value'],
    ['offset=3', 'offset unknown_parameter'],
    ['__proto__=3', '__proto__ unknown_parameter'],
    ['limit[]=3', 'limit[] unknown_parameter'],
  ])('%s is refused: %s', (text, expected) => {
    expect(refused(() => parseListQuery(query(text)))).toBe(expected)
  })
})

describe('the query of a response', () => {
  it('is read, with include in every form that clients write', () => {
    const both = ['reasoning.encrypted_content', 'message.output_text.logprobs']
    for (const text of [
      `include[]=${both[0]}&include[]=${both[1]}`,
      `include=${both[0]}&include=${both[1]}`,
      `include[0]=${both[0]}&include[1]=${both[1]}`,
      `include=${both.join(',')}`,
    ]) {
      expect(parseRetrieveQuery(query(text)).include).toEqual(both)
      expect(parseIncludeQuery(query(text))).toEqual(both)
    }
    expect(parseRetrieveQuery(query('stream=true&starting_after=7&include_obfuscation=false'))).toEqual({
      include: [],
      stream: true,
      starting_after: 7,
      include_obfuscation: false,
    })
    expect(parseRetrieveQuery(query(''))).toEqual({ include: [], stream: false })
  })

  it.each([
    ['stream=yes', 'stream invalid_type'],
    ['stream=true&starting_after=x', 'starting_after invalid_type'],
    ['stream=true&starting_after=-2', 'starting_after integer_below_min_value'],
    ['starting_after=3', 'starting_after invalid_value'],
    ['stream=false&include_obfuscation=true', 'include_obfuscation invalid_value'],
    ['beta=true', 'beta unknown_parameter'],
  ])('%s is refused: %s', (text, expected) => {
    expect(refused(() => parseRetrieveQuery(query(text)))).toBe(expected)
  })
})

it('a query where there is none is refused', () => {
  expect(() => parseNoQuery(query(''))).not.toThrow()
  expect(refused(() => parseNoQuery(query('x=1')))).toBe('x unknown_parameter')
})
