import type { CodeInterpreterOutput } from '@antiphon/client'
import type { ContainerResult } from './containers/container.ts'
import { DATA } from './containers/container-files.ts'

/** Of logs, as far as a model reads them: the beginning and the end of longer ones. */
const LOG_CHARS = 30_000

const ENDS: Partial<Record<ContainerResult['end'], string>> = {
  timeout: 'The code was stopped: it took too long.',
  aborted: 'The code was stopped.',
  died: 'The process that ran the code ended.',
}

/** What came of code, as a model reads it. */
export const describeResult = (containerId: string, result: ContainerResult): string => {
  const { logs, isCut, value, images, files, notes, end } = result
  const lines = [
    ...(logs === '' ? [] : [middleCut(logs.trimEnd())]),
    ...(isCut ? ['[There was more output; it was dropped.]'] : []),
    ...(value === undefined ? [] : [`=> ${middleCut(value)}`]),
    ...(ENDS[end] === undefined ? [] : [`[${ENDS[end]}]`]),
    ...(images.length === 0 ? [] : [`[${images.length} image(s) drawn and saved.]`]),
    ...(files.length === 0
      ? []
      : [`[Files made or changed: ${files.map(({ path }) => `${DATA}/${path}`).join(', ')}]`]),
    ...notes.map((note) => `[${note}]`),
  ]
  return [...(lines.length === 0 ? ['[No output.]'] : lines), `[container ${containerId}]`].join('\n')
}

/** The container that such a text is from: a later run goes on in it. */
export const containerIn = (text: string): string | undefined =>
  /\[container (cntr_[A-Za-z0-9_-]{1,100})\]$/.exec(text)?.[1]

/** What came of code, as the wire shows it. */
export const outputsOf = ({ logs, value, images, notes }: ContainerResult): CodeInterpreterOutput[] => {
  const text = [logs.trimEnd(), value ?? '', ...notes.map((note) => `[${note}]`)]
    .filter((each) => each !== '')
    .join('\n')
  return [
    ...(text === '' ? [] : [{ type: 'logs' as const, logs: text }]),
    ...images.map(({ mimeType, base64 }) => ({
      type: 'image' as const,
      url: `data:${mimeType};base64,${base64}`,
    })),
  ]
}

const middleCut = (text: string): string =>
  text.length <= LOG_CHARS
    ? text
    : `${text.slice(0, LOG_CHARS / 2)}\n[… ${text.length - LOG_CHARS} characters left out …]\n${text.slice(-LOG_CHARS / 2)}`
