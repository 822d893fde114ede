import { accumulate, createAccumulator, type OutputItem } from '@antiphon/client'
import { expect, it } from 'vitest'
import { call, created, message, responseOf, wire } from './accumulate-events.ts'

const place = { output_index: 0, item_id: 'msg_1', content_index: 0 }
const last: [string, object] = ['completed', { response: responseOf([]) }]

it('a delta after the finished item changes neither it nor its event', () => {
  const item = message('whole')
  const events = wire(
    created,
    ['output_item.done', { ...place, item }],
    ['output_text.delta', { ...place, delta: ' and more' }],
    ['output_text.done', { ...place, text: 'other' }],
    ['content_part.done', { ...place, part: { type: 'output_text', text: 'other' } }],
    last,
  )
  expect(accumulate(events).output[0]).toBe(item)
  expect(item).toEqual(message('whole'))
})

it('a delta for a later part makes the parts before it', () => {
  const events = wire(
    created,
    ['output_text.delta', { ...place, content_index: 1, delta: 'b' }],
    ['output_text.delta', { ...place, delta: 'a' }],
    last,
  )
  const content = (first: string): object[] => [
    { type: 'output_text', text: first, annotations: [] },
    { type: 'output_text', text: 'b', annotations: [] },
  ]
  expect(accumulate(events).output).toStrictEqual([message('', { content: content('a') })])
  expect(accumulate(events.toSpliced(2, 1)).output).toStrictEqual([message('', { content: content('') })])
})

it('a part announced without its text takes deltas', () => {
  const events = wire(
    created,
    ['content_part.added', { ...place, part: { type: 'output_text' } }],
    ['output_text.delta', { ...place, delta: 'a' }],
    last,
  )
  expect(accumulate(events).output).toEqual([message('', { content: [{ type: 'output_text', text: 'a' }] })])
})

it('an empty refusal does not take the text of another kind of part', () => {
  const refused = message('', { content: [{ type: 'refusal', refusal: '' }] })
  const events = wire(
    created,
    ['output_item.done', { ...place, item: refused }],
    ['completed', { response: responseOf([message('text')]) }],
  )
  expect(accumulate(events).output).toEqual([refused])
})

it('a refusal delta does not touch text that came, and replaces a part that is still empty', () => {
  const empty: [string, object] = [
    'content_part.added',
    { ...place, part: { type: 'output_text', text: '', annotations: [] } },
  ]
  const refusal: [string, object] = ['refusal.delta', { ...place, delta: 'no' }]
  const text: [string, object] = ['output_text.delta', { ...place, delta: 'yes' }]
  expect(accumulate(wire(created, empty, refusal, last)).output).toEqual([
    message('', { content: [{ type: 'refusal', refusal: 'no' }] }),
  ])
  expect(accumulate(wire(created, empty, text, refusal, last)).output).toEqual([message('yes')])
})

it('commands of a shell call come by their index, without item_id', () => {
  const shell = { type: 'shell_call', id: 'sh_1', call_id: 'call_1', status: 'completed', environment: null }
  const action = { commands: [], timeout_ms: null, max_output_length: null }
  const events = wire(
    created,
    ['output_item.added', { output_index: 0, item: { ...shell, action, status: 'in_progress' } }],
    ['shell_call_command.added', { output_index: 0, command_index: 0, command: '' }],
    ['shell_call_command.delta', { output_index: 0, command_index: 0, delta: 'l' }],
    ['shell_call_command.delta', { output_index: 0, command_index: 0, delta: 's' }],
    ['shell_call_command.done', { output_index: 0, command_index: 1, command: 'pwd' }],
    last,
  )
  expect(accumulate(events).output).toEqual([{ ...shell, action: { ...action, commands: ['ls', 'pwd'] } }])
  expect(action.commands).toEqual([])
})

it('what onSealed throws comes out of push', () => {
  const accumulator = createAccumulator({
    onSealed: () => {
      throw new RangeError('mine')
    },
  })
  const [done] = wire(['output_item.done', { ...place, item: message('a') }])
  expect(() => accumulator.push(done!)).toThrow(RangeError)
})

it('200 calls in one response are sealed once each, in order, with a terminal output under other ids', () => {
  const calls = Array.from({ length: 200 }, (_, n) => call(n, `{"n":${n}}`))
  const renamed = calls.map((item, n) => ({ ...item, id: `x_${n}`, call_id: `y_${n}` }))
  const events = wire(
    created,
    ...calls.map((item, n): [string, object] => ['output_item.done', { output_index: n, item }]),
    ['completed', { response: responseOf(renamed) }],
  )
  const sealed: [number, OutputItem][] = []
  const accumulator = createAccumulator({ onSealed: (item, index) => sealed.push([index, item]) })
  for (const event of events) accumulator.push(event)
  expect(accumulator.finish().output).toEqual(calls)
  expect(sealed).toEqual(calls.map((item, n) => [n, item]))
})
