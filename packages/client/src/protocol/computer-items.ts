import type { ItemStatus } from './function-items.ts'
import type { OpenString } from './open.ts'

/** Keys held down while the mouse acts. */
export interface HeldKeys {
  keys?: string[] | null
}

/**
 * One thing to do at the screen; `x` and `y` in pixels from the upper left.
 *
 * Source: Responses API, `ComputerAction`.
 */
export type ComputerAction =
  | ({
      type: 'click'
      button: 'left' | 'right' | 'wheel' | 'back' | 'forward'
      x: number
      y: number
    } & HeldKeys)
  | { type: 'double_click'; x: number; y: number; keys: string[] | null }
  | ({ type: 'drag'; path: { x: number; y: number }[] } & HeldKeys)
  | { type: 'keypress'; keys: string[] }
  | ({ type: 'move'; x: number; y: number } & HeldKeys)
  | { type: 'screenshot' }
  | ({ type: 'scroll'; x: number; y: number; scroll_x: number; scroll_y: number } & HeldKeys)
  | { type: 'type'; text: string }
  | { type: 'wait' }

/** A warning that the user has to acknowledge before the action is done. */
export interface ComputerSafetyCheck {
  id: string
  code?: string | null
  message?: string | null
}

/**
 * The model wants to act at a screen.
 *
 * `action` comes from the preview tool, `actions` from the current one; answer with one screenshot after all
 * of them.
 * Source: Responses API, `ComputerToolCall`.
 */
export interface ComputerCall {
  type: 'computer_call'
  id: string
  call_id: string
  action?: ComputerAction
  actions?: ComputerAction[]
  /** To be sent back as `acknowledged_safety_checks`. */
  pending_safety_checks: ComputerSafetyCheck[]
  status: ItemStatus
}

/** The screen, by URL or file id. */
export interface ComputerScreenshot {
  type: 'computer_screenshot'
  image_url?: string
  file_id?: string
}

/** The screen after an action. Source: Responses API, `ComputerToolCallOutputResource`. */
export interface ComputerCallOutput {
  type: 'computer_call_output'
  id: string
  call_id: string
  output: ComputerScreenshot
  acknowledged_safety_checks?: ComputerSafetyCheck[] | null
  status: OpenString<'in_progress' | 'completed' | 'incomplete' | 'failed'>
  created_by?: string
}
