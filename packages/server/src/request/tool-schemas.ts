import { z } from 'zod'
import { anyObject, chars, fields, functionName, text } from './schema-parts.ts'

const allowedCallers = z
  .array(z.enum(['direct', 'programmatic']))
  .min(1)
  .nullish()
const searchContext = z.enum(['low', 'medium', 'high']).nullish()
const location = anyObject.nullish()

const memoryLimit = z.enum(['1g', '4g', '16g', '64g']).nullish()
const networkPolicy = z
  .discriminatedUnion('type', [
    fields({ type: z.literal('disabled') }),
    fields({
      type: z.literal('allowlist'),
      allowed_domains: z.array(text).min(1),
      domain_secrets: z
        .array(fields({ domain: text, name: text, value: text }))
        .min(1)
        .nullish(),
    }),
  ])
  .nullish()
const fileIds = z.array(text).max(50).nullish()
const skills = z.array(anyObject).max(200).nullish()

const functionTool = fields({
  name: functionName,
  description: text.nullish(),
  parameters: anyObject.nullish(),
  output_schema: anyObject.nullish(),
  strict: z.boolean().nullish(),
  defer_loading: z.boolean().nullish(),
  allowed_callers: allowedCallers,
})

const customTool = fields({
  name: functionName,
  description: text.nullish(),
  format: z
    .discriminatedUnion('type', [
      fields({ type: z.literal('text') }),
      fields({ type: z.literal('grammar'), syntax: z.enum(['lark', 'regex']), definition: text }),
    ])
    .nullish(),
  defer_loading: z.boolean().nullish(),
  allowed_callers: allowedCallers,
})

const webSearch = fields({
  external_web_access: z.boolean().nullish(),
  filters: fields({ allowed_domains: z.array(text).nullish() }).nullish(),
  user_location: location,
  search_context_size: searchContext,
})

const webSearchPreview = fields({
  user_location: location,
  search_context_size: searchContext,
  search_content_types: z.array(z.enum(['text', 'image'])).nullish(),
})

const toolFilter = fields({ tool_names: z.array(text).nullish(), read_only: z.boolean().nullish() })

const mcp = fields({
  server_label: chars(4096, 1),
  server_url: text.nullish(),
  connector_id: text.nullish(),
  tunnel_id: z
    .string()
    .regex(/^tunnel_[a-z0-9]{32}$/)
    .nullish(),
  authorization: text.nullish(),
  server_description: text.nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  allowed_tools: z.union([z.array(text), toolFilter]).nullish(),
  allowed_callers: allowedCallers,
  require_approval: z
    .union([
      z.enum(['always', 'never']),
      fields({ always: toolFilter.nullish(), never: toolFilter.nullish() }),
    ])
    .nullish(),
  defer_loading: z.boolean().nullish(),
})

/** Tools by their type. Types with a `:` are extensions, and pass. */
export const TOOL_SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['function', functionTool],
  ['custom', customTool],
  ['namespace', fields({ name: chars(4096, 1), description: text, tools: z.array(z.unknown()).min(1) })],
  [
    'tool_search',
    fields({
      execution: z.enum(['server', 'client']).nullish(),
      description: text.nullish(),
      parameters: anyObject.nullish(),
    }),
  ],
  ['programmatic_tool_calling', anyObject],
  ['web_search', webSearch],
  ['web_search_2025_08_26', webSearch],
  ['web_search_preview', webSearchPreview],
  ['web_search_preview_2025_03_11', webSearchPreview],
  [
    'file_search',
    fields({
      vector_store_ids: z.array(text),
      max_num_results: z.int().min(1).max(50).nullish(),
      ranking_options: fields({
        ranker: text.nullish(),
        score_threshold: z.number().min(0).max(1).nullish(),
      }).nullish(),
      // Compound filters may lie in each other to any depth: left to who runs the search.
      filters: anyObject.nullish(),
    }),
  ],
  [
    'code_interpreter',
    fields({
      container: z.union([
        text,
        fields({
          type: z.literal('auto'),
          file_ids: fileIds,
          memory_limit: memoryLimit,
          network_policy: networkPolicy,
        }),
      ]),
      allowed_callers: allowedCallers,
    }),
  ],
  [
    'image_generation',
    fields({
      model: text.nullish(),
      quality: text.nullish(),
      size: text.nullish(),
      output_format: z.enum(['png', 'webp', 'jpeg']).nullish(),
      output_compression: z.int().min(0).max(100).nullish(),
      moderation: z.enum(['auto', 'low']).nullish(),
      background: z.enum(['transparent', 'opaque', 'auto']).nullish(),
      input_fidelity: z.enum(['high', 'low']).nullish(),
      input_image_mask: fields({ image_url: text.nullish(), file_id: text.nullish() }).nullish(),
      partial_images: z.int().min(0).max(3).nullish(),
      action: z.enum(['generate', 'edit', 'auto']).nullish(),
    }),
  ],
  ['mcp', mcp],
  ['computer', anyObject],
  [
    'computer_use_preview',
    fields({
      environment: z.enum(['windows', 'mac', 'linux', 'ubuntu', 'browser']),
      display_width: z.int(),
      display_height: z.int(),
    }),
  ],
  ['local_shell', anyObject],
  [
    'shell',
    fields({
      environment: z
        .discriminatedUnion('type', [
          fields({
            type: z.literal('container_auto'),
            file_ids: fileIds,
            memory_limit: memoryLimit,
            network_policy: networkPolicy,
            skills,
          }),
          fields({
            type: z.literal('local'),
            skills: z
              .array(fields({ name: text, description: text, path: text }))
              .max(200)
              .nullish(),
          }),
          fields({ type: z.literal('container_reference'), container_id: text }),
        ])
        .nullish(),
      allowed_callers: allowedCallers,
    }),
  ],
  ['apply_patch', fields({ allowed_callers: allowedCallers })],
])

/** What a namespace may hold. */
export const NAMESPACED_TYPES: readonly string[] = ['function', 'custom']

/** Choices of a tool that need more than a type. */
export const CHOICE_SCHEMAS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  [
    'allowed_tools',
    fields({
      mode: z.enum(['none', 'auto', 'required']).nullish(),
      tools: z.array(anyObject).min(1).max(128),
    }),
  ],
  ['function', fields({ name: chars(128, 1) })],
  ['custom', fields({ name: chars(128, 1) })],
  ['mcp', fields({ server_label: chars(4096, 1), name: text.nullish() })],
])

/** Types of tools that are chosen by their type alone. */
export const HOSTED_CHOICES: readonly string[] = [
  'file_search',
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
  'computer',
  'computer_use_preview',
  'computer_use',
  'image_generation',
  'code_interpreter',
  'apply_patch',
  'shell',
  'local_shell',
  'tool_search',
  'programmatic_tool_calling',
]
