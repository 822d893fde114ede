import type { InputItem } from '@antiphon/client'

/** What a user says. */
export const said = (text: string): InputItem => ({ type: 'message', role: 'user', content: text })
