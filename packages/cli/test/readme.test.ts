import { expect, it } from 'vitest'
import { agentFile, jsonLines, runCli } from './start-cli.ts'

it('runs the agent file of the README', async () => {
  const { code, stdout } = await runCli(['run', agentFile('weather.ts'), 'What is the weather in Oslo?'])
  expect(code).toBe(0)
  expect(stdout).toContain('19')
})

it('prints its events as JSON lines, the last one with the result', async () => {
  const args = ['run', '--json', agentFile('weather.ts'), 'What is the weather in Oslo?']
  const lines = jsonLines((await runCli(args)).stdout)
  expect(lines[0]?.type).toBe('run.started')
  expect(lines.at(-1)).toMatchObject({ type: 'result', exitCode: 0, stop: { reason: 'done' }, toolCalls: 1 })
})
