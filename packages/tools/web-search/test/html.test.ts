import { afterAll, describe, expect, it } from 'vitest'
import { createHtmlReader } from '../src/html/html-reader.ts'
import { htmlToMarkdown } from '../src/html/html-to-markdown.ts'

const read = (html: string, url = 'https://example.com/dir/page') => htmlToMarkdown(html, url)

describe('a page as markdown', () => {
  it('keeps headings, lists, links, code and tables, with links made whole', () => {
    const { title, markdown } = read(`<!doctype html><html><head><title> The
      title &amp; more </title></head><body><h2>Head</h2><p>Text with <a href="../other?a=1&amp;b=2#c">a
      link</a> and <b>weight</b>.</p><ul><li>one</li><li>two</li></ul>
      <pre><code class="language-js">let x = 1\n\n\nlet y</code></pre>
      <table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2<br>3</td></tr></table></body></html>`)
    expect(title).toBe('The title & more')
    expect(markdown).toContain('## Head')
    expect(markdown).toContain('[a link](https://example.com/other?a=1&b=2#c)')
    expect(markdown).toMatch(/- +one\n- +two/)
    expect(markdown).toContain('```js\nlet x = 1')
    expect(markdown).toMatch(/\| a \| b \|\n\| 1 \| 2 3 \|/)
  })

  it('is its article, without menus and footers, where it has one', () => {
    const paragraph = `<p>${'A sentence with some words, and a comma. '.repeat(12)}</p>`
    const { markdown } = read(
      `<html><head><title>T</title></head><body><nav><a href="/a">Menu</a></nav><article><h1>T</h1>${paragraph.repeat(4)}</article><footer>Footer words</footer></body></html>`,
    )
    expect(markdown).toContain('A sentence with some words')
    expect(markdown).not.toMatch(/Menu|Footer words/)
  })

  it('takes pieces of HTML that are no page, and nothing at all', () => {
    expect(read('just text').markdown).toBe('just text')
    expect(read('<p>a<p>b').markdown).toBe('a\n\nb')
    expect(read('')).toEqual({ title: '', markdown: '' })
    expect(read('<title>only a title</title>').title).toBe('only a title')
  })

  it('tells when it was published, where it says so', () => {
    expect(read('<meta property="article:published_time" content="2026-01-02"><p>x').publishedAt).toBe(
      '2026-01-02',
    )
    expect(read('<p>x <time datetime="2026-03-04">March</time>').publishedAt).toBe('2026-03-04')
  })
})

describe('a poisoned page', () => {
  it.each([
    ['a script', '<script>POISON</script>'],
    ['a style', '<style>.a::after{content:"POISON"}</style>'],
    ['noscript', '<noscript>POISON</noscript>'],
    ['a template', '<template><p>POISON</p></template>'],
    ['a comment', '<!-- POISON --><p><!-- POISON --></p>'],
    ['a comment that is closed oddly', '<!-- > POISON -->'],
    ['CDATA', '<![CDATA[ POISON ]]>'],
    ['an iframe', '<iframe srcdoc="POISON">POISON</iframe>'],
    ['an svg', '<svg><text>POISON</text></svg>'],
    ['a form field', '<textarea>POISON</textarea><input value="POISON"><select><option>POISON</select>'],
    ['the hidden attribute', '<div hidden>POISON</div><p hidden="">POISON</p>'],
    ['aria-hidden', '<div aria-hidden="true">POISON</div>'],
    ['display: none', '<div style="color:red;DISPLAY : none">POISON</div>'],
    ['visibility', '<div style="visibility:hidden">POISON</div>'],
    ['no opacity', '<div style="opacity:0">POISON</div><div style="opacity: 0.0;">POISON</div>'],
    ['no size', '<div style="font-size:0px">POISON</div><div style="height:0;overflow:hidden">POISON</div>'],
    ['a place off the screen', '<div style="position:absolute;left:-9999px">POISON</div>'],
    ['an indent off the screen', '<div style="text-indent:-9999px">POISON</div>'],
    ['a clip', '<div style="clip:rect(0,0,0,0)">POISON</div><div style="clip-path: inset(50%)">POISON</div>'],
    ['an element within a hidden one', '<div hidden><div><p>POISON</p></div></div>'],
    ['a closed dialog', '<dialog>POISON</dialog>'],
    ['a javascript link', '<a href="javascript:POISON()">words</a>'],
    ['a javascript link with spaces', '<a href=" java&#10;script:POISON()">words</a>'],
    ['a data link', '<a href="data:text/html,POISON">words</a>'],
    ['a title of a link', '<a href="/x" title="POISON">words</a>'],
    ['an image', '<img src="https://evil.example/POISON">'],
    ['a base of code', '<base href="javascript:POISON"><a href="x">words</a>'],
    ['a link with a password', '<a href="https://POISON:x@evil.example/">words</a>'],
    ['a very long link', `<a href="/${'POISON'.repeat(1000)}">words</a>`],
  ])('does not tell what is in %s', (_, html) => {
    const { markdown, title } = read(`<p>before words</p>${html}<p>after</p>`)
    expect(title + markdown).not.toContain('POISON')
    expect(markdown).toContain('before words')
    expect(markdown).toContain('after')
  })

  it('cannot end its link early', () => {
    const { markdown } = read('<a href="/a) [POISON](https://evil.example/x">words</a>')
    expect(markdown).toBe('[words](https://example.com/a%29%20[POISON]%28https://evil.example/x)')
  })

  it('keeps what people see in spite of a style', () => {
    const { markdown } = read('<p style="font-size:0.9em;opacity:0.8;height:100px;left:-5px">seen</p>')
    expect(markdown).toBe('seen')
  })
})

describe('reading in threads', () => {
  const reader = createHtmlReader({ timeoutMs: 30_000 })
  afterAll(() => reader.close())

  it('gives what reading here gives, one page after the other and several at once', async () => {
    const pages = Array.from({ length: 6 }, (_, i) => `<title>T${i}</title><p>text ${i}</p>`)
    const found = await Promise.all(pages.map((html) => reader.read(html, 'https://example.com/')))
    expect(found).toEqual(pages.map((html) => read(html, 'https://example.com/')))
  })

  it('ends with the signal, and reads the next page all the same', async () => {
    const stop = new AbortController()
    const reading = reader.read('<p>x'.repeat(20_000), 'https://example.com/', stop.signal)
    stop.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
    expect((await reader.read('<p>next', 'https://example.com/')).markdown).toBe('next')
  })

  it('bounds what comes back', async () => {
    const short = createHtmlReader({ maxChars: 100, timeoutMs: 30_000 })
    expect((await short.read(`<p>${'x'.repeat(1000)}`, 'https://example.com/')).markdown).toHaveLength(100)
    await short.close()
    await expect(short.read('<p>x', 'https://example.com/')).rejects.toThrow('closed')
  })
})

// Each is bounded by time, memory or stack; what a page gives up is its own, and the process goes on.
describe('a page made to hurt', () => {
  const deep = '<div>'.repeat(100_000)
  it.each([
    ['nested endlessly', `${deep}x`],
    ['of open formatting', `${'<b><i>'.repeat(50_000)}x`],
    ['of nested tables', '<table><tr><td>'.repeat(20_000)],
    ['of brackets', '<'.repeat(3_000_000)],
    ['of comments', '<!--'.repeat(500_000)],
    ['of attributes', `<a ${'a=b '.repeat(300_000)}>`],
    ['of entities', '&amp;&nbsp;&#65;'.repeat(200_000)],
    [
      'of entity definitions',
      `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(1000)}">${'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'.repeat(1000)}]>&b;`,
    ],
    ['of styles', `<p style="${'left:'.repeat(300_000)}">x`],
    ['of spaces', `<pre>${' '.repeat(2_000_000)}x</pre>`],
  ])('%s takes no more than its time', async (_, html) => {
    const reader = createHtmlReader({ timeoutMs: 1_500 })
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    try {
      const read = reader.read(html, 'https://example.com/')
      const text = await read.then(
        ({ markdown }) => markdown,
        (error) => error,
      )
      if (typeof text !== 'string') expect(text).toMatchObject({ code: 'page_unreadable' })
      // This thread was never held for long.
      expect(ticks).toBeGreaterThan(3)
    } finally {
      clearInterval(ticking)
      await reader.close()
    }
  })

  it('leaves the next page readable', async () => {
    const reader = createHtmlReader({ timeoutMs: 300, maxThreads: 1 })
    await expect(reader.read(`${deep}x`, 'https://example.com/')).rejects.toMatchObject({
      code: 'page_unreadable',
    })
    await reader.close()
    const patient = createHtmlReader({ timeoutMs: 30_000, maxThreads: 1 })
    expect((await patient.read('<p>next', 'https://example.com/')).markdown).toBe('next')
    await patient.close()
  })
})
