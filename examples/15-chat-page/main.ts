// A page with `useChat` over an agent. `npx tsx examples/15-chat-page/main.ts --open` listens for a browser, at PORT; without it the
// program drives the same transport by itself, and asserts what arrives.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Chat } from '@ai-sdk/react'
import { serve } from '@antiphon/server'
import { DefaultChatTransport, type DynamicToolUIPart } from 'ai'
import { build } from 'esbuild'
import { clerk } from './agent.ts'

const entryPoints = [join(import.meta.dirname, 'page.tsx')]
const bundle = await build({
  entryPoints,
  bundle: true,
  minify: true,
  write: false,
  jsx: 'automatic',
  format: 'esm',
})
const script = bundle.outputFiles[0]?.text ?? ''
const html = `<!doctype html><meta charset="utf-8"><title>Antiphon</title>
<style>body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 2rem auto } .user { font-weight: 600 } .error { color: #b00 }</style>
<div id="root"></div><script type="module" src="/page.js"></script>`

// #region mount
const answers = serve(clerk, { store: 'memory' })
const web = createServer((request, response) => {
  if (request.url?.startsWith('/v1/')) answers.nodeHandler(request, response)
  else if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script)
  else response.setHeader('content-type', 'text/html').end(html)
})
// #endregion mount
const isOpen = process.argv.includes('--open')
await new Promise<void>((resolve) =>
  web.listen(isOpen ? Number(process.env.PORT ?? 3000) : 0, '127.0.0.1', resolve),
)
const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
if (isOpen) console.log(`${url} (Ctrl-C ends it)`)
else {
  assert.match(await (await fetch(url)).text(), /page\.js/)
  const chat = new Chat({ transport: new DefaultChatTransport({ api: `${url}/v1/ui/chat` }) })
  await chat.sendMessage({ text: 'What is the weather in Oslo?' })
  const called = (): DynamicToolUIPart | undefined =>
    chat.lastMessage?.parts.find((part) => part.type === 'dynamic-tool')
  assert.equal(called()?.toolName, 'get_weather')
  assert.ok(chat.lastMessage?.parts.some((part) => part.type === 'text' && part.text.includes('16')))

  await chat.sendMessage({ text: 'Send a payment of 250 to Grace.' })
  await chat.addToolApprovalResponse({ id: called()?.approval?.id ?? '', approved: true })
  await chat.sendMessage() // the decision, which the page sends by itself
  console.log(called()?.output)
  assert.equal(called()?.output, 'Paid 250 to Grace.')
  await answers.close()
  web.close()
}
