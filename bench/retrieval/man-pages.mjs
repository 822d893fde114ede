// Debian's manual pages as documents: each with its one-line description as the question, which is taken out of its text.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const PACKAGES = [
  'manpages',
  'manpages-dev',
  'coreutils',
  'util-linux',
  'git-man',
  'procps',
  'iproute2',
  'passwd',
]

/** Unpacks the packages into a folder, without installing them. */
export const fetchManPages = (folder) => {
  if (!existsSync(join(folder, 'done'))) {
    mkdirSync(folder, { recursive: true })
    execFileSync('apt-get', ['download', ...PACKAGES], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
      execFileSync('dpkg-deb', ['-x', join(folder, file), join(folder, 'root')])
    mkdirSync(join(folder, 'done'))
  }
  return {
    from: readdirSync(folder)
      .filter((name) => name.endsWith('.deb'))
      .map((name) =>
        decodeURIComponent(name)
          .replace(/_[a-z0-9]+\.deb$/, '')
          .replace('_', ' '),
      ),
    folder: join(folder, 'root/usr/share/man'),
  }
}

/** Pages that are themselves and no pointers to others, by their names. Same question, same page left out. */
export const readManPages = (folder) => {
  const pages = []
  const questions = new Map()
  for (const section of readdirSync(folder)
    .filter((name) => /^man[1-8]$/.test(name))
    .sort())
    for (const name of readdirSync(join(folder, section)).sort()) {
      if (!name.endsWith('.gz')) continue
      const roff = gunzipSync(readFileSync(join(folder, section, name))).toString('utf8')
      const page = readPage(roff)
      if (page === undefined) continue
      const id = name.replace(/\.gz$/, '')
      questions.set(page.question, (questions.get(page.question) ?? 0) + 1)
      pages.push({ id, ...page })
    }
  return pages.filter(({ question }) => questions.get(question) === 1)
}

const readPage = (roff) => {
  if (/^\.so /m.test(roff.slice(0, 500))) return undefined
  const lines = roff.split('\n')
  const at = lines.findIndex((line) => /^\.(SH|Sh) "?NAME"?\s*$/i.test(line))
  if (at === -1) return undefined
  let end = at + 1
  while (end < lines.length && !/^\.(SH|Sh)\b/.test(lines[end])) end += 1
  const name = lines
    .slice(at + 1, end)
    .map((line) => /^\.Nd (.*)/.exec(line)?.[1] ?? (/^\.Nm/.test(line) ? '' : plain(line)))
    .join(' ')
    .trim()
  const described =
    /(?:^|\s)(?:\\-|-|–)+\s+(.+)$/.exec(name)?.[1] ??
    (/^\.Nd/m.test(lines.slice(at, end).join('\n')) ? name : undefined)
  const question = described?.replace(/\s+/g, ' ').trim()
  if (question === undefined || question.split(' ').length < 3) return undefined
  const text = [...lines.slice(0, at), ...lines.slice(end)]
    .map(plain)
    .filter((line) => line !== '')
    .join('\n')
  // Nothing of the answer may stand in front of the question.
  const body = text.replaceAll(question, '')
  return body.length < 200 ? undefined : { question, text: body }
}

/** A line of roff without its macros: words stay, what formats them goes. */
const plain = (line) => {
  if (/^[.'](\\"|TH|Dd|Dt|Os|de|ie|el|if|nr|ds|ta|ad|hy|so|\.|\s*\\")/.test(line)) return ''
  const words = /^[.'](SH|SS|Sh|Ss)\b/.test(line)
    ? `\n${line.replace(/^[.']\w+\s*/, '')}\n`
    : line.replace(/^[.'][A-Za-z]{1,3}\b\s*/, '')
  return words
    .replace(/\\f(\[[^\]]*\]|\(..|.)/g, '')
    .replace(/\\s[-+]?\d+/g, '')
    .replace(/\\(\*|\()\(?(..)/g, (_, __, name) => SIGNS[name] ?? '')
    .replace(/\\\[([^\]]*)\]/g, (_, name) => SIGNS[name] ?? '')
    .replace(/\\-/g, '-')
    .replace(/\\[&|^,/:%)]/g, '')
    .replace(/\\e/g, '\\')
    .replace(/\\(.)/g, '$1')
    .replace(/"/g, '')
    .trimEnd()
}

const SIGNS = {
  aq: "'",
  dq: '"',
  lq: '"',
  rq: '"',
  cq: "'",
  oq: "'",
  em: '—',
  en: '–',
  hy: '-',
  bu: '•',
  ha: '^',
  ti: '~',
}
