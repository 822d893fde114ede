import type { z } from 'zod'
import { checkShape } from './check-shape.ts'
import { checkToolList } from './check-tools.ts'
import { ASSISTANT_PARTS, INPUT_PARTS, ITEM_SCHEMAS, messageSchema } from './item-schemas.ts'
import {
  brokenRule,
  invalidIdPrefix,
  invalidType,
  invalidValue,
  missingParameter,
  tooLong,
} from './parameter-refusals.ts'
import { isLonger, TEXT_CHARS } from './schema-parts.ts'

type Fields = Readonly<Record<string, unknown>>

/** Marks of ids, where it is certain which item they belong to. */
const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  reasoning: 'rs',
  custom_tool_call: 'ctc',
}

/** Marks that say for certain what an id belongs to. */
const MARK = /^(?:call|resp|conv|msg|fc|rs|ctc)_/

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const own = (value: Fields, name: string): unknown => (Object.hasOwn(value, name) ? value[name] : undefined)

/** Which kind an item is. Messages and references may leave it out. */
const typeOfItem = (item: Fields, path: string): string => {
  const type = own(item, 'type')
  if (typeof type === 'string') return type
  if (type != null) throw invalidType(`${path}.type`, type, 'a string')
  if (own(item, 'role') !== undefined) return 'message'
  if (type === null || Object.keys(item).every((name) => name === 'id')) {
    if (typeof own(item, 'id') === 'string') return 'item_reference'
  }
  throw missingParameter(`${path}.type`)
}

const isExtension = (type: string): boolean => type.includes(':')

const checkParts = (
  parts: readonly unknown[],
  allowed: Readonly<Record<string, z.ZodType>>,
  path: string,
): void => {
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index]
    const at = `${path}[${index}]`
    if (!isObject(part)) throw invalidType(at, part, 'an object')
    const type = own(part, 'type')
    if (type === undefined) throw missingParameter(`${at}.type`)
    if (typeof type !== 'string') throw invalidType(`${at}.type`, type, 'a string')
    if (Object.hasOwn(allowed, type)) checkShape(allowed[type] as z.ZodType, part, at)
    else if (!isExtension(type)) throw invalidValue(`${at}.type`, type, Object.keys(allowed))
  }
}

const checkIdMark = (item: Fields, type: string, path: string): void => {
  const id = own(item, 'id')
  const prefix = Object.hasOwn(PREFIXES, type) ? PREFIXES[type] : undefined
  if (prefix === undefined || typeof id !== 'string' || id.startsWith(prefix) || !MARK.test(id)) return
  throw invalidIdPrefix(`${path}.id`, id, prefix)
}

const checkItem = (item: unknown, path: string): string => {
  if (!isObject(item)) throw invalidType(path, item, 'an object')
  const type = typeOfItem(item, path)
  if (type === 'message') {
    checkShape(messageSchema, item, path)
    const { role, content } = item
    if (Array.isArray(content)) {
      checkParts(content, role === 'assistant' ? ASSISTANT_PARTS : INPUT_PARTS, `${path}.content`)
    }
  } else {
    const schema = ITEM_SCHEMAS.get(type)
    if (schema !== undefined) checkShape(schema, item, path)
    if (type === 'function_call_output' || type === 'custom_tool_call_output') {
      if (Array.isArray(item.output)) checkParts(item.output, INPUT_PARTS, `${path}.output`)
    }
    if (type === 'additional_tools' || type === 'tool_search_output') {
      checkToolList(item.tools as unknown[], `${path}.tools`)
    }
  }
  checkIdMark(item, type, path)
  return type
}

/**
 * Checks items one by one, and stops at the first problem. Items of unknown types pass. Nothing is copied or changed.
 *
 * @throws ServeError 400, with the path of the field in `param`.
 */
export const checkItems = (items: readonly unknown[], path: string): void => {
  for (let index = 0; index < items.length; index++) {
    const type = checkItem(items[index], `${path}[${index}]`)
    if (type === 'compaction_trigger' && index !== items.length - 1) {
      throw brokenRule(
        `${path}[${index}]`,
        `Invalid '${path}[${index}]': a compaction_trigger must be the last item. Move it to the end.`,
      )
    }
  }
}

/**
 * Checks an input: a text or items.
 *
 * @throws ServeError 400.
 */
export const checkInput = (input: unknown, path = 'input'): void => {
  if (input == null) return
  if (typeof input === 'string') {
    if (isLonger(input, TEXT_CHARS)) throw tooLong(path, TEXT_CHARS, input.length)
    return
  }
  if (!Array.isArray(input)) throw invalidType(path, input, 'one of a string or an array of items')
  checkItems(input, path)
}
