import { checkShape } from './check-shape.ts'
import { brokenRule, invalidType, invalidValue, missingParameter } from './parameter-refusals.ts'
import { CHOICE_SCHEMAS, HOSTED_CHOICES, NAMESPACED_TYPES, TOOL_SCHEMAS } from './tool-schemas.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The type of a tool or of a choice. */
const typeAt = (value: unknown, path: string): string => {
  if (!isObject(value)) throw invalidType(path, value, 'an object')
  const type = Object.hasOwn(value, 'type') ? value.type : undefined
  if (type === undefined) throw missingParameter(`${path}.type`)
  if (typeof type !== 'string') throw invalidType(`${path}.type`, type, 'a string')
  return type
}

const MCP_TARGETS = ['server_url', 'connector_id', 'tunnel_id'] as const

/** An MCP server has one address, or none when the server that is asked knows it by its label. */
const checkMcpTarget = (tool: Fields, path: string): void => {
  const given = MCP_TARGETS.filter((name) => tool[name] != null)
  if (given.length <= 1) return
  throw brokenRule(
    `${path}.${given[1]}`,
    `Invalid '${path}': give exactly one of server_url, connector_id and tunnel_id, but got ${given.join(' and ')}.`,
  )
}

const checkTool = (tool: unknown, path: string, allowed?: readonly string[]): void => {
  const type = typeAt(tool, path)
  const schema = TOOL_SCHEMAS.get(type)
  if (allowed !== undefined && !allowed.includes(type)) throw invalidValue(`${path}.type`, type, allowed)
  if (schema === undefined) {
    if (type.includes(':')) return
    throw invalidValue(`${path}.type`, type, [...TOOL_SCHEMAS.keys()])
  }
  checkShape(schema, tool, path)
  if (type === 'mcp') checkMcpTarget(tool as Fields, path)
  if (type === 'namespace')
    checkToolList((tool as { tools: unknown[] }).tools, `${path}.tools`, NAMESPACED_TYPES)
}

/**
 * Checks tools: their types, what each of them needs, and that no two functions have one name. Tools of a namespace have names of their own.
 *
 * @throws ServeError 400.
 */
export const checkToolList = (tools: unknown, path = 'tools', allowed?: readonly string[]): void => {
  if (tools == null) return
  if (!Array.isArray(tools)) throw invalidType(path, tools, 'an array of tools')
  const names = new Set<string>()
  for (let index = 0; index < tools.length; index++) {
    const at = `${path}[${index}]`
    checkTool(tools[index], at, allowed)
    const { type, name, server_label } = tools[index] as {
      type: string
      name?: string
      server_label?: string
    }
    const isMcp = type === 'mcp'
    if (type !== 'function' && type !== 'custom' && !isMcp) continue
    const key = isMcp ? `mcp ${server_label}` : `call ${name}`
    if (names.has(key)) {
      const field = isMcp ? 'server_label' : 'name'
      throw brokenRule(
        `${at}.${field}`,
        `Invalid '${at}.${field}': '${isMcp ? server_label : name}' is there twice in '${path}'. Rename one of them.`,
      )
    }
    names.add(key)
  }
}

/**
 * MCP servers have an address each: for an upstream that knows none by their labels.
 *
 * @throws ServeError 400.
 */
export const checkMcpAddresses = (tools: unknown): void => {
  for (const [n, tool] of (Array.isArray(tools) ? (tools as Fields[]) : []).entries())
    if (tool.type === 'mcp' && MCP_TARGETS.every((name) => tool[name] == null))
      throw missingParameter(`tools[${n}].server_url`)
}

/**
 * Checks the form of a tool choice.
 *
 * @throws ServeError 400.
 */
export const checkChoiceForm = (choice: unknown, path = 'tool_choice'): void => {
  if (choice == null) return
  if (typeof choice === 'string') {
    if (choice === 'none' || choice === 'auto' || choice === 'required') return
    throw invalidValue(path, choice, ['none', 'auto', 'required'])
  }
  if (!isObject(choice)) throw invalidType(path, choice, 'one of a string or an object')
  const type = typeAt(choice, path)
  const schema = CHOICE_SCHEMAS.get(type)
  if (schema === undefined) {
    if (HOSTED_CHOICES.includes(type) || type.includes(':')) return
    throw invalidValue(`${path}.type`, type, [...CHOICE_SCHEMAS.keys(), ...HOSTED_CHOICES])
  }
  checkShape(schema, choice, path)
  if (type !== 'allowed_tools') return
  for (const [index, tool] of (choice.tools as unknown[]).entries()) {
    const at = `${path}.tools[${index}]`
    if (typeAt(tool, at) === 'allowed_tools') throw invalidValue(`${at}.type`, 'allowed_tools', ['function'])
    checkChoiceForm(tool, at)
  }
}

/** Types of one family are chosen by one another's names. */
const familyOf = (type: string): string => {
  if (type.startsWith('web_search')) return 'web_search'
  return type.startsWith('computer') ? 'computer' : type
}

const isThere = (tools: readonly unknown[], choice: Fields): boolean =>
  tools.some((each) => {
    if (!isObject(each)) return false
    if (each.type === 'namespace' && Array.isArray(each.tools)) {
      // A namespace holds functions and custom tools, and no other namespace.
      return each.tools.some((inner) => isObject(inner) && isThere([inner], choice))
    }
    if (familyOf(String(each.type)) !== familyOf(choice.type as string)) return false
    if (choice.type === 'mcp') return each.server_label === choice.server_label
    return choice.type === 'function' || choice.type === 'custom' ? each.name === choice.name : true
  })

/**
 * Checks that a choice names tools that are there. `tools` are those of the request and those that items bring.
 *
 * @throws ServeError 400.
 */
export const checkChosenTool = (choice: unknown, tools: readonly unknown[], param = 'tool_choice'): void => {
  if (!isObject(choice)) return
  if (choice.type === 'allowed_tools') {
    for (const [index, each] of (choice.tools as unknown[]).entries()) {
      checkChosenTool(each, tools, `${param}.tools[${index}]`)
    }
    return
  }
  if (isThere(tools, choice)) return
  const name = choice.type === 'mcp' ? choice.server_label : (choice.name ?? choice.type)
  throw brokenRule(
    param,
    `Tool choice '${String(name)}' not found in 'tools' parameter. Add the tool, or choose another one.`,
  )
}
