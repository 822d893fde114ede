// Checked by the compiler, never run: the wire types of this package beside those of the npm package `openai`.
// Theirs must fit where ours are asked for. Where ours allow more, the list says so with its reason; a difference
// that is not listed, and a listed one that is gone, are compile errors.

import type * as TheirConversations from 'openai/resources/conversations/conversations'
import type * as TheirConversationItems from 'openai/resources/conversations/items'
import type * as TheirStored from 'openai/resources/responses/input-items'
import type * as TheirCounting from 'openai/resources/responses/input-tokens'
import type * as Theirs from 'openai/resources/responses/responses'
import type * as Ours from '../src/index.ts'
import type { ByType, Differences, DifferencesAnywhere, Fits, SameNames } from './type-differences.ts'

const open = 'servers answer with values of their own; ours stays open, known values first'
const nested = 'ours lets unknown shapes within through; and what is listed for the shapes within'
const omitted = 'required by the contract, left out or null from some servers'
const newer = 'in the contract, not in this version of the npm package'
const easier = 'may be left out when sending; the contract agrees or every server does'

// Theirs fit ours, whole.

export const theirsFit: {
  outputItem: Fits<Theirs.ResponseOutputItem, Ours.OutputItem>
  inputItem: Fits<Theirs.ResponseInputItem, Ours.InputItem>
  input: Fits<Theirs.ResponseInput, Ours.InputItem[]>
  tool: Fits<Theirs.Tool, Ours.ToolDefinition>
  toolChoice: Fits<NonNullable<Theirs.ResponseCreateParams['tool_choice']>, Ours.ToolChoice>
  request: Fits<Theirs.ResponseCreateParams, Ours.ResponseRequest>
  response: Fits<Theirs.Response, Ours.Response>
  retrieveQuery: Fits<Theirs.ResponseRetrieveParams, Ours.RetrieveQuery>
  storedPage: Fits<TheirStored.ResponseItemList, Ours.StoredItemPage>
  compactRequest: Fits<Theirs.ResponseCompactParams, Ours.CompactRequest>
  compacted: Fits<Theirs.CompactedResponse, Ours.CompactedResponse>
  tokensRequest: Fits<TheirCounting.InputTokenCountParams, Ours.InputTokensRequest>
  tokenCount: Fits<TheirCounting.InputTokenCountResponse, Ours.InputTokenCount>
  conversationRequest: Fits<TheirConversations.ConversationCreateParams, Ours.CreateConversationRequest>
  conversationUpdate: Fits<TheirConversations.ConversationUpdateParams, Ours.UpdateConversationRequest>
  conversationDeleted: Fits<TheirConversations.ConversationDeletedResource, Ours.DeletedConversation>
  conversationItem: Fits<TheirConversationItems.ConversationItem, Ours.ConversationItem>
  conversationItems: Fits<TheirConversationItems.ConversationItemList, Ours.ConversationItemPage>
  event: Fits<
    Exclude<Theirs.ResponseStreamEvent, { type: 'response.output_text.annotation.added' }>,
    Ours.ResponseEvent
  >
} = {
  outputItem: true,
  inputItem: true,
  input: true,
  tool: true,
  toolChoice: true,
  request: true,
  response: true,
  retrieveQuery: true,
  storedPage: true,
  compactRequest: true,
  compacted: true,
  tokensRequest: true,
  tokenCount: true,
  conversationRequest: true,
  conversationUpdate: true,
  conversationDeleted: true,
  conversationItem: true,
  conversationItems: true,
  event: true,
}

/** Every output item may be sent back as it came, and every input item but the sent-only ones is an output item. */
export const ownShapesFit: {
  replay: Fits<Ours.OutputItem, Ours.InputItem>
  stored: Fits<Ours.OutputItem, Ours.StoredItem>
} = { replay: true, stored: true }

// Names: the lists hold every name of the unions, and theirs are among them.

export const names: {
  items: SameNames<(typeof Ours.OUTPUT_ITEM_TYPES)[number], Ours.KnownOutputItem['type']>
  theirItems: SameNames<Theirs.ResponseOutputItem['type'], Ours.KnownOutputItem['type']>
  tools: SameNames<
    (typeof Ours.TOOL_TYPES)[number] | keyof typeof Ours.DATED_TOOL_TYPES,
    Ours.KnownToolDefinition['type']
  >
  theirTools: SameNames<Theirs.Tool['type'], Ours.KnownToolDefinition['type']>
  events: SameNames<(typeof Ours.STREAM_EVENT_TYPES)[number], Ours.KnownEvent['type']>
  theirEvents: SameNames<
    Theirs.ResponseStreamEvent['type'] | keyof typeof eventsTheyLack,
    Ours.KnownEvent['type']
  >
} = { items: true, theirItems: true, tools: true, theirTools: true, events: true, theirEvents: true }

/** Events of the contract that this version of the npm package does not type. */
export const eventsTheyLack = {
  'response.shell_call_command.added': newer,
  'response.shell_call_command.delta': newer,
  'response.shell_call_command.done': newer,
  'response.shell_call_output_content.delta': newer,
  'response.shell_call_output_content.done': newer,
}

// Output items.

type OutputPairs = ByType<Ours.KnownOutputItem, Theirs.ResponseOutputItem>

/** Differences of several kinds of output item, said once. */
export const outputItemsEverywhere = { 'status wider': open } satisfies Partial<
  Record<DifferencesAnywhere<OutputPairs>, string>
>

export const outputItems = {
  'message.content wider': nested,
  'message.phase wider': open,
  'reasoning.content wider': omitted,
  'function_call.created_by added': 'in the contract for listed items, and servers send it in output, too',
  'function_call_output.id wider': 'one shape for output and input; input may leave it out',
  'function_call_output.call_id wider': 'optional in the newer contract',
  'function_call_output.name added': newer,
  'function_call_output.namespace added': newer,
  'function_call_output.output wider': nested,
  'custom_tool_call.status added': 'in the contract for listed items, and servers send it in output, too',
  'custom_tool_call.created_by added': 'in the contract for listed items, and servers send it in output, too',
  'custom_tool_call_output.id wider': 'one shape for output and input; input may leave it out',
  'custom_tool_call_output.output wider': nested,
  'web_search_call.action wider': omitted,
  'web_search_call.results added': 'what the include of that name asks for',
  'computer_call_output.acknowledged_safety_checks wider': 'null in the form that is sent',
  'mcp_call.error wider': 'the contract has objects, the npm package text; both occur',
  'tool_search_call.execution wider': open,
  'tool_search_output.execution wider': open,
  'tool_search_output.tools wider': nested,
  'additional_tools.role wider': open,
  'additional_tools.tools wider': nested,
} satisfies Record<Differences<OutputPairs, keyof typeof outputItemsEverywhere>, string>

// Input items.

type Untyped = Ours.EasyInputMessage | Ours.InputMessage | Ours.ItemReference
type TheirUntyped =
  | Theirs.EasyInputMessage
  | Theirs.ResponseInputItem.Message
  | Theirs.ResponseInputItem.ItemReference
type InputPairs = Omit<
  ByType<Exclude<Ours.InputItem, Untyped>, Exclude<Theirs.ResponseInputItem, TheirUntyped>>,
  'message'
> & {
  message: [Ours.Replayed<Ours.OutputMessage>, Theirs.ResponseOutputMessage]
  easy_message: [Ours.EasyInputMessage, Theirs.EasyInputMessage]
  input_message: [Ours.InputMessage, Theirs.ResponseInputItem.Message]
  item_reference: [Ours.ItemReference, Theirs.ResponseInputItem.ItemReference]
}

/** Differences of several kinds of input item, said once. */
export const inputItemsEverywhere = {
  'status wider': open,
  'id wider': 'without `store`, ids are looked up and not found: every item may be sent without',
  'created_by added': 'items are sent back as they came',
} satisfies Partial<Record<DifferencesAnywhere<InputPairs>, string>>

export const inputItems = {
  'message.content wider': nested,
  'message.phase wider': open,
  'easy_message.content wider': 'assistant messages in parts are accepted, and needed for refusals',
  'easy_message.phase wider': open,
  'input_message.content wider': nested,
  'input_message.id added': 'listed messages have one, and are sent back as they came',
  'reasoning.content wider': omitted,
  'function_call_output.call_id wider': 'optional in the newer contract',
  'function_call_output.name added': newer,
  'function_call_output.namespace added': newer,
  'function_call_output.output wider': nested,
  'custom_tool_call.status added': 'items are sent back as they came',
  'custom_tool_call_output.status added': 'items are sent back as they came',
  'custom_tool_call_output.output wider': nested,
  'web_search_call.action wider': omitted,
  'web_search_call.results added': 'items are sent back as they came',
  'mcp_call.error wider': 'the contract has objects, the npm package text; both occur',
  'tool_search_call.execution wider': open,
  'tool_search_output.execution wider': open,
  'tool_search_output.tools wider': nested,
  'additional_tools.role wider': open,
  'additional_tools.tools wider': nested,
} satisfies Record<Differences<InputPairs, keyof typeof inputItemsEverywhere>, string>

// Events.

type EventPairs = ByType<Ours.KnownEvent, Theirs.ResponseStreamEvent>

/** Differences of several events, said once. */
export const eventsEverywhere = {
  'sequence_number wider': omitted,
  'obfuscation added': 'on the wire unless the request turns it off',
  'response wider': nested,
} satisfies Partial<Record<DifferencesAnywhere<EventPairs>, string>>

export const events = {
  'error.code wider': 'absent in the nested form',
  'error.message wider': 'absent in the nested form',
  'error.param wider': 'absent in the nested form',
  'error.error added': 'the nested form: Open Responses, and in practice',
  'error.status added': 'on WebSocket frames',
  'response.output_item.added.item wider': nested,
  'response.output_item.done.item wider': nested,
  'response.content_part.added.part wider': nested,
  'response.content_part.done.part wider': nested,
  'response.output_text.delta.logprobs wider': omitted,
  'response.output_text.done.logprobs wider': omitted,
  'response.output_text.annotation.added.annotation narrower':
    'the contract has the annotations, the npm package `unknown`',
  'response.function_call_arguments.done.name wider': omitted,
  'response.image_generation_call.partial_image.size added': newer,
  'response.image_generation_call.partial_image.quality added': newer,
  'response.image_generation_call.partial_image.background added': newer,
  'response.image_generation_call.partial_image.output_format added': newer,
} satisfies Record<Differences<EventPairs, keyof typeof eventsEverywhere>, string>

// Tools.

export const tools = {
  'function.parameters wider': easier,
  'function.strict wider': easier,
  'tool_search.execution wider': open,
  'web_search.external_web_access added': newer,
  'web_search.search_context_size wider': open,
  'web_search_2025_08_26.external_web_access added': newer,
  'web_search_2025_08_26.search_context_size wider': open,
  'web_search_preview.search_content_types wider': open,
  'web_search_preview.search_context_size wider': open,
  'web_search_preview_2025_03_11.search_content_types wider': open,
  'web_search_preview_2025_03_11.search_context_size wider': open,
  'file_search.ranking_options wider': open,
  'code_interpreter.container wider': open,
  'computer_use_preview.environment wider': open,
  'image_generation.action wider': open,
  'image_generation.background wider': open,
  'image_generation.input_fidelity wider': open,
  'image_generation.moderation wider': open,
  'image_generation.output_format wider': open,
  'image_generation.quality wider': open,
  'mcp.connector_id wider': open,
  'shell.environment wider': open,
} satisfies Record<Differences<ByType<Ours.KnownToolDefinition, Theirs.Tool>>, string>

// Content parts and annotations.

export const parts = {
  'input_text.prompt_cache_breakpoint wider': 'null in one of the two forms of the contract',
  'input_image.detail wider': easier,
  'input_image.prompt_cache_breakpoint wider': 'null in one of the two forms of the contract',
  'input_file.detail wider': open,
  'input_file.file_data wider': 'null in one of the two forms of the contract',
  'input_file.file_url wider': 'null in one of the two forms of the contract',
  'input_file.filename wider': 'null in one of the two forms of the contract',
  'input_file.prompt_cache_breakpoint wider': 'null in one of the two forms of the contract',
  'output_text.annotations wider': omitted,
  'output_text.logprobs wider': nested,
  'logprob.bytes wider': omitted,
  'logprob.top_logprobs wider': omitted,
} satisfies Record<
  Differences<{
    input_text: [Ours.InputText, Theirs.ResponseInputText]
    input_image: [Ours.InputImage, Theirs.ResponseInputImage]
    input_file: [Ours.InputFile, Theirs.ResponseInputFile]
    output_text: [Ours.OutputText, Theirs.ResponseOutputText]
    refusal: [Ours.Refusal, Theirs.ResponseOutputRefusal]
    file_citation: [Ours.FileCitation, Theirs.ResponseOutputText.FileCitation]
    url_citation: [Ours.UrlCitation, Theirs.ResponseOutputText.URLCitation]
    container_file_citation: [Ours.ContainerFileCitation, Theirs.ResponseOutputText.ContainerFileCitation]
    file_path: [Ours.FilePath, Theirs.ResponseOutputText.FilePath]
    logprob: [Ours.Logprob, Theirs.ResponseOutputText.Logprob]
  }>,
  string
>

// Request, response, and the objects around them.

const gateway = 'documented by CometAPI or required by Open Responses'
const lists = 'read-only lists are welcome; and what is listed for the shape within'

export const request = {
  'request.input wider': lists,
  'request.include wider': lists,
  'request.tools wider': lists,
  'request.tool_choice wider': 'hosted tools by any name: servers take more than the contract lists',
  'request.max_tool_calls added': 'in every contract, left out of the npm package',
  'request.presence_penalty added': 'of Open Responses',
  'request.frequency_penalty added': 'of Open Responses',
  'request.prompt wider': nested,
  'request.truncation wider': open,
  'request.text wider': open,
  'request.reasoning wider': open,
  'request.service_tier wider': open,
  'request.prompt_cache_options wider': open,
  'request.prompt_cache_retention wider': 'CometAPI spells `in-memory`',
  'request.moderation wider': open,
  'text.verbosity wider': open,
  'reasoning.effort wider': open,
  'reasoning.summary wider': open,
  'reasoning.generate_summary wider': open,
  'reasoning.context wider': open,
} satisfies Record<
  Differences<{
    request: [Ours.ResponseRequest, Theirs.ResponseCreateParamsBase]
    text: [Ours.TextOptions, Theirs.ResponseTextConfig]
    reasoning: [Ours.ReasoningOptions, NonNullable<Theirs.Response['reasoning']>]
  }>,
  string
>

export const response = {
  'response.status wider': open,
  'response.output wider': nested,
  'response.output_text wider': 'computed by the npm package; on the wire from few servers',
  'response.error wider': omitted,
  'response.incomplete_details wider': omitted,
  'response.usage wider': omitted,
  'response.instructions wider': omitted,
  'response.tools wider': omitted,
  'response.tool_choice wider': omitted,
  'response.parallel_tool_calls wider': omitted,
  'response.temperature wider': omitted,
  'response.top_p wider': omitted,
  'response.metadata wider': omitted,
  'response.user wider': omitted,
  'response.prompt wider': nested,
  'response.truncation wider': open,
  'response.text wider': open,
  'response.reasoning wider': open,
  'response.service_tier wider': open,
  'response.prompt_cache_options wider': open,
  'response.prompt_cache_retention wider': 'CometAPI spells `in-memory`',
  'response.moderation wider': open,
  'response.store added': gateway,
  'response.max_tool_calls added': gateway,
  'response.presence_penalty added': gateway,
  'response.frequency_penalty added': gateway,
  'response.content_filters added': 'of Azure',
  'response.content_filter_results added': 'of Azure',
  'response.prompt_filter_results added': 'of Azure',
  'usage.input_tokens wider': omitted,
  'usage.input_tokens_details wider': omitted,
  'usage.output_tokens wider': omitted,
  'usage.output_tokens_details wider': omitted,
  'usage.total_tokens wider': omitted,
} satisfies Record<
  Differences<{
    response: [Ours.Response, Theirs.Response]
    usage: [Ours.ResponseUsage, Theirs.ResponseUsage]
  }>,
  string
>

export const aroundResponses = {
  'compact.input wider': lists,
  'compact.prompt_cache_options wider': open,
  'compact.prompt_cache_retention wider': 'CometAPI spells `in-memory`',
  'compact.service_tier wider': open,
  'compacted.output wider': nested,
  'compacted.usage wider': omitted,
  'input_tokens.input wider': lists,
  'input_tokens.tools wider': lists,
  'input_tokens.tool_choice wider': 'hosted tools by any name: servers take more than the contract lists',
  'input_tokens.text wider': open,
  'input_tokens.reasoning wider': open,
  'input_tokens.truncation wider': open,
  'conversation.metadata wider': omitted,
  'conversation.metadata narrower':
    'the contract bounds it to pairs of strings, the npm package leaves it `unknown`',
  'conversation_message.content wider': nested,
  'conversation_message.phase wider': open,
  'conversation_message.role wider': open,
  'conversation_message.status wider': open,
} satisfies Record<
  Differences<{
    compact: [Ours.CompactRequest, Theirs.ResponseCompactParams]
    compacted: [Ours.CompactedResponse, Theirs.CompactedResponse]
    input_tokens: [Ours.InputTokensRequest, TheirCounting.InputTokenCountParams]
    token_count: [Ours.InputTokenCount, TheirCounting.InputTokenCountResponse]
    conversation: [Ours.Conversation, TheirConversations.Conversation]
    conversation_deleted: [Ours.DeletedConversation, TheirConversations.ConversationDeletedResource]
    conversation_message: [Ours.ConversationMessage, TheirConversations.Message]
  }>,
  string
>
