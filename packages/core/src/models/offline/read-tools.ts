import type { ResponseRequest } from '@antiphon/client'
import {
  descriptionOf,
  isObject,
  type JsonObject,
  type Property,
  propertiesOf,
  type Shape,
  shapeOf,
} from './json-schema.ts'
import { scalarText } from './json-values.ts'
import { type Role, roleOf } from './parameter-role.ts'
import { contentStems, nameWords, stem } from './words.ts'

/** One parameter of a tool, with what it seems to want. */
export interface Parameter extends Property {
  readonly role: Role
  /** Has to hold something: required, and `null` is not allowed. */
  readonly needed: boolean
  /** Stems of the words of its name. */
  readonly nameStems: readonly string[]
  /** Stems of the words of its description. */
  readonly aboutStems: readonly string[]
}

/** A function tool as the model sees it. */
export interface Tool {
  readonly name: string
  readonly namespace?: string
  readonly description: string
  readonly parameters: readonly Parameter[]
  readonly nameStems: readonly string[]
  readonly aboutStems: readonly string[]
  /** Its name begins with a verb that changes something: called only when the user asks for that very thing. */
  readonly effect: boolean
  /** True for `transfer_to_…`: it hands the conversation to another agent. */
  readonly handoff: boolean
}

const EFFECTS = new Set(
  `delete remove erase drop destroy send refund pay charge cancel create write save store update change edit set rename
  buy book order post publish deploy kill revoke move transfer grant reset submit approve execute run`
    .split(/\s+/)
    .map(stem),
)

/** Which tools may be called, and whether one has to be. */
export interface Choice {
  readonly tools: readonly Tool[]
  readonly required: boolean
}

/** Reads `tools` and `tool_choice`. Only function tools count: hosted ones need a provider. */
export const readTools = (request: ResponseRequest, known: WeakMap<object, Tool>): Choice => {
  const all: Tool[] = []
  for (const definition of (Array.isArray(request.tools) ? request.tools : []) as readonly unknown[]) {
    if (!isObject(definition)) continue
    if (definition.type === 'function') all.push(knownTool(definition, known))
    else if (definition.type === 'namespace' && Array.isArray(definition.tools)) {
      const namespace = scalarText(definition.name) ?? ''
      for (const inner of definition.tools) {
        if (isObject(inner) && inner.type === 'function') all.push({ ...knownTool(inner, known), namespace })
      }
    }
  }
  return applyChoice(all, request.tool_choice)
}

const applyChoice = (tools: readonly Tool[], choice: unknown): Choice => {
  if (choice === 'none') return { tools: [], required: false }
  if (choice === 'required') return { tools, required: true }
  if (!isObject(choice)) return { tools, required: false }
  if (choice.type === 'function')
    return { tools: tools.filter((tool) => tool.name === choice.name), required: true }
  if (choice.type === 'allowed_tools' && Array.isArray(choice.tools)) {
    const allowed = new Set(choice.tools.filter(isObject).map((tool) => tool.name))
    return { tools: tools.filter((tool) => allowed.has(tool.name)), required: choice.mode === 'required' }
  }
  // A hosted tool is forced, and none of them can be run here.
  return { tools: [], required: false }
}

const knownTool = (definition: JsonObject, known: WeakMap<object, Tool>): Tool => {
  const found = known.get(definition)
  if (found !== undefined) return found
  const tool = readTool(definition)
  known.set(definition, tool)
  return tool
}

const readTool = (definition: JsonObject): Tool => {
  const name = scalarText(definition.name ?? '') ?? ''
  const description = typeof definition.description === 'string' ? definition.description : ''
  const root = isObject(definition.parameters) ? definition.parameters : {}
  const handoff = /^transfer_to_./.test(name)
  const words = nameWords(handoff ? name.slice('transfer_to_'.length) : name)
  const parameters = parametersOf(shapeOf(root, root), words)
  return {
    name,
    description,
    parameters,
    nameStems: words.map(stem),
    effect: !handoff && EFFECTS.has(stem(words[0] ?? '')),
    aboutStems: contentStems(description),
    handoff,
  }
}

/** The properties of an object shape as parameters. `toolWords` are the words of the tool's name. */
export const parametersOf = (shape: Shape, toolWords: readonly string[]): Parameter[] =>
  propertiesOf(shape).map((property) => ({
    ...property,
    role: roleOf(property, toolWords),
    needed: property.required && !property.shape.nullable,
    nameStems: nameWords(property.name).map(stem),
    aboutStems: contentStems(descriptionOf(property.shape)),
  }))
