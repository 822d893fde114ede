import type { Run } from 'antiphon'
import type { Renderer } from './render.ts'
import type { Terminal } from './terminal.ts'

/** Shows what a run tells, from now until its end. A renderer knows the calls of the run that this one resumes. */
export const followRun = (run: Run<unknown>, renderer: Renderer, terminal: Terminal): void => {
  run.on('event', (event) => {
    for (const piece of renderer.render(event)) {
      if (piece.kind === 'answer') terminal.answer(piece.text)
      else terminal.line(piece.text)
    }
    terminal.status(event.type === 'run.ended' ? undefined : renderer.status())
  })
}
