/** Something was tolerated. It does not stop the run. */
export interface WarningEvent {
  type: 'warning'
  code: WarningCode
  message: string
}

/** What a run tolerates and tells about. */
export type WarningCode =
  /** A listener threw; the run went on. */
  | 'listener_failed'
  /** Two calls of one response had the same `call_id`. */
  | 'duplicate_call_id'
  /** The response held an output for a call that it does not make; the item was left out of the history. */
  | 'orphan_output'
  /** The server forgot the previous response; the whole history was sent instead. */
  | 'server_state_lost'
  /** The model wrote a tool call as plain text: the server runs without a tool parser. */
  | 'tool_call_as_text'
  /** The answer did not match the output schema; the model was asked once more. */
  | 'output_repaired'
  /** The price of the model is not known, so a cost limit cannot be kept. */
  | 'unknown_price'
  /** How a kept run ended could not be recorded; it can be resumed. */
  | 'not_recorded'
  /** A session did not take the items of a run that was cancelled or failed, or could not be let go. */
  | 'session_failed'
  /** Anything a built-in tool reports. */
  | 'built_in'
  /** Anything a middleware reports. */
  | 'middleware'
