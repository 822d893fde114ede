// The page: `useChat` of the AI SDK, with the tools that the agent ran and buttons for a call that waits for a person.
import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses, type UIMessage } from 'ai'
import { createRoot } from 'react-dom/client'

declare const document: { getElementById(id: string): Element }
type Part = UIMessage['parts'][number]
type Decide = (id: string, approved: boolean) => void

// #region page
const Page = () => {
  const { messages, sendMessage, addToolApprovalResponse, status, error } = useChat({
    transport: new DefaultChatTransport({ api: '/v1/ui/chat' }),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  })
  const decide: Decide = (id, approved) => void addToolApprovalResponse({ id, approved })
  return (
    <main>
      {messages.map(({ id, role, parts }) => (
        <section key={id} className={role}>
          {parts.map((part, index) => {
            const key = `${id}/${index}` // parts only grow
            return <PartOfMessage key={key} part={part} decide={decide} />
          })}
        </section>
      ))}
      {error && <p className="error">{error.message}</p>}
      <form action={(form) => void sendMessage({ text: String(form.get('text')) })}>
        <input
          name="text"
          size={56}
          placeholder="Weather in Oslo? Send a payment of 250 to Grace."
          required={true}
        />
        <button type="submit" disabled={status !== 'ready'}>
          Send
        </button>
      </form>
    </main>
  )
}

const PartOfMessage = ({ part, decide }: { part: Part; decide: Decide }) => {
  if (part.type === 'text') return <p>{part.text}</p>
  if (part.type !== 'dynamic-tool') return null // the agent's own tools are dynamic for the page
  const call = `${part.toolName}(${JSON.stringify(part.input ?? {})})`
  if (part.state === 'approval-requested')
    return (
      <p>
        {call}{' '}
        <button type="button" onClick={() => decide(part.approval.id, true)}>
          Approve
        </button>
        <button type="button" onClick={() => decide(part.approval.id, false)}>
          Reject
        </button>
      </p>
    )
  return <pre>{`${call}: ${part.state === 'output-available' ? part.output : part.state}`}</pre>
}
// #endregion page

createRoot(document.getElementById('root')).render(<Page />)
