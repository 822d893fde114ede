import { expect, test } from 'vitest'
import { runCommand } from '../command.mjs'

const node = (code: string): string[] => [process.execPath, '-e', code]

test('the outcome holds the exit code and what was written, standard output apart', async () => {
  const outcome = await runCommand(node("console.log('out'); console.error('err'); process.exitCode = 3"))
  expect(outcome).toMatchObject({ ok: false, code: 3, stdout: 'out\n', timedOut: false })
  expect(outcome.output).toContain('err\n')
})

test('a program that does not exist is an outcome, not a throw', async () => {
  const outcome = await runCommand(['antiphon-no-such-program'])
  expect(outcome.ok).toBe(false)
  expect(outcome.output).toContain('antiphon-no-such-program')
})

test('a program that waits for input gets the end of it', async () => {
  expect(
    await runCommand(node("process.stdin.resume().on('end', () => console.log('ended'))")),
  ).toMatchObject({
    ok: true,
    stdout: 'ended\n',
  })
})

test('the time limit ends a program that hangs, and what it started', async () => {
  // The grandchild holds standard output open: that the outcome arrives at all says that it has ended, too.
  const child =
    "require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })"
  const outcome = await runCommand(node(`${child}; setInterval(() => {}, 1000)`), { timeoutMs: 1000 })
  expect(outcome).toMatchObject({ ok: false, timedOut: true })
  expect(outcome.output).toContain('Stopped after 1 s')
})
