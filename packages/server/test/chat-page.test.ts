import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { heldUpstream } from './held-upstream.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const browserPath = ((): string | undefined => {
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const folders = (process.env.PATH ?? '').split(delimiter)
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [process.env.CHROMIUM ?? '', ...paths].find((path) => path !== '' && existsSync(path))
})()

/** Keeps what the page looks like, where somebody wants to see it. */
const keep = async (page: Page, name: string): Promise<void> => {
  const folder = process.env.SCREENSHOTS
  if (folder === undefined) return
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  await page.screenshot({ path: join(folder, name) })
}

/** The example in a process of its own. */
interface Example {
  readonly url: string
  end(): Promise<void>
}

const startExample = async (env: Record<string, string> = {}): Promise<Example> => {
  const clean = { ...process.env }
  for (const key of ['COMETAPI_KEY', 'OPENAI_API_KEY', 'COMETAPI_BASE_URL', 'OPENAI_BASE_URL'])
    delete clean[key]
  // The packages by their sources, or as they were built.
  const tsconfig = process.env.TEST_BUILT === undefined ? 'tsconfig.json' : 'examples/tsconfig.json'
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join('examples', '15-chat-page', 'main.ts'), '--open'],
    {
      cwd: root,
      env: { ...clean, TSX_TSCONFIG_PATH: join(root, tsconfig), PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  child.stderr.on('data', (bytes) => {
    said += bytes
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const end = (): Promise<void> => {
    child.kill('SIGKILL')
    return gone
  }
  const url = await Promise.race([
    new Promise<string>((resolve) =>
      child.stdout.once('data', (line) => resolve(String(line).split(' ')[0] as string)),
    ),
    gone.then(() => Promise.reject(new Error(`The example ended: ${said}`))),
  ])
  return { url, end }
}

describe.skipIf(browserPath === undefined)(
  `the chat page in a browser${browserPath === undefined ? ' (skipped: there is no chromium on the path)' : ''}`,
  () => {
    let browser: Browser
    let example: Example
    beforeAll(async () => {
      example = await startExample()
      browser = await chromium.launch({
        executablePath: browserPath as string,
        // Only pages of this test are opened, and machines of CI run as root.
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      })
    })
    afterAll(async () => {
      await browser?.close()
      await example?.end()
    })

    const opened = async (url: string): Promise<{ page: Page; problems: string[] }> => {
      const page = await browser.newPage()
      onTestFinished(() => page.close())
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('console', (line) => {
        // The icon of the page is nobody's affair.
        if (line.type() === 'error') problems.push(line.text())
      })
      await page.goto(url)
      return { page, problems }
    }
    const ask = async (page: Page, text: string): Promise<void> => {
      await page.getByRole('textbox').fill(text)
      await page.getByRole('button', { name: 'Send' }).click()
    }
    const ready = (page: Page): Promise<void> => page.locator('button[type=submit]:not([disabled])').waitFor()

    it('shows the call of a tool with its output, and the answer', async () => {
      const { page, problems } = await opened(example.url)
      await ask(page, 'What is the weather in Oslo?')
      await ready(page)
      await page.getByText('What is the weather in Oslo?').waitFor()
      const call = page.locator('section.assistant pre')
      await call.waitFor()
      expect(await call.textContent()).toContain('get_weather({"city":"Oslo"})')
      expect(await call.textContent()).toContain('16')
      expect(await page.locator('section.assistant p').last().textContent()).toContain('16')
      await keep(page, 'tool.png')
      expect(problems).toEqual([])
    })

    it.each([
      ['Approve', 'Paid 250 to Grace.'],
      ['Reject', 'output-denied'],
    ])('lets a person %s a call that waits, and goes on', async (button, shown) => {
      const { page, problems } = await opened(example.url)
      await ask(page, 'Send a payment of 250 to Grace.')
      const asked = page.getByRole('button', { name: button })
      await asked.waitFor()
      await keep(page, `${button}-asked.png`)
      await asked.click()
      await page.locator('section.assistant pre').filter({ hasText: shown }).waitFor()
      await ready(page)
      expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0)
      await keep(page, `${button}-done.png`)
      expect(problems).toEqual([])
    })

    it('shows text as it comes, and stops a model whose reader closes the page', async () => {
      const upstream = await heldUpstream()
      const { url, end } = await startExample({ OPENAI_BASE_URL: upstream.url })
      onTestFinished(end)
      const { page, problems } = await opened(url)
      await ask(page, 'Tell me a story.')
      const answer = await upstream.answer(0)
      const told = page.locator('section.assistant p')
      answer.say('Once upon')
      await told.filter({ hasText: /^Once upon$/ }).waitFor()
      expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true)
      answer.say(' a time')
      await told.filter({ hasText: /^Once upon a time$/ }).waitFor()
      await keep(page, 'streaming.png')
      answer.finish()
      await ready(page)
      expect(await told.allTextContents()).toEqual(['Once upon a time'])

      await ask(page, 'And another one.')
      const next = await upstream.answer(1)
      next.say('There was')
      await told.filter({ hasText: /^There was$/ }).waitFor()
      expect(JSON.stringify(next.asked.input)).toContain('Once upon a time')
      expect(problems).toEqual([])
      await page.close()
      await next.closed
    })
  },
)
