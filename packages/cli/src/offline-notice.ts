import type { Run } from 'antiphon'

const TEXT =
  'No key is set, so the embedded offline model answers (rule-based, no AI). Set COMETAPI_KEY or OPENAI_API_KEY for a real one.'

/** Watches runs, and says once when the embedded model answers for want of a key. */
export const offlineNotice = (
  note: (text: string) => void,
  env = process.env,
): ((run: Run<unknown>) => void) => {
  let said = Boolean(env.COMETAPI_KEY || env.OPENAI_API_KEY)
  return (run) => {
    if (said) return
    run.once('response.created', ({ response }) => {
      if (said || response.model !== 'offline') return
      said = true
      note(TEXT)
    })
  }
}
